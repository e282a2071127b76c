import { ablationEdits } from './ablation-edits.js';
import type { ModuleEdit } from './module-edit.js';
import { crashEdits } from './crash-edits.js';
import { networkEdits } from './network-edits.js';
import { tapEdits } from './tap-edits.js';
import { vaultEdits } from './vault-edits.js';

/** Every set of edits, by the name that `CHAOS_EDITS` takes. */
export const namedEdits: Readonly<Record<string, readonly ModuleEdit[]>> = {
  ...tapEdits,
  ...crashEdits,
  ...ablationEdits,
  ...networkEdits,
  ...vaultEdits,
};
