import type { ShownRunRow } from '../server.js';
import { inWords } from './step-words.js';

/** What a run is called: its plan, and its customer or, where it has none yet, its tenant. */
export function runTitle({
  plan,
  customer,
  tenantHost,
}: Pick<ShownRunRow, 'plan' | 'customer' | 'tenantHost'>): string {
  return `${inWords(plan)} of ${customer?.name ?? tenantHost}`;
}
