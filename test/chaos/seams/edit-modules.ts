import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { namedEdits } from './named-edits.js';
import { applyEdits } from './module-edit.js';

const dist = new URL('../../../dist/', import.meta.url).href;

// Preloaded into a process under test: edits the modules that CHAOS_EDITS names sets of.
const edits = (process.env.CHAOS_EDITS ?? '')
  .split(',')
  .filter((name) => name !== '')
  .flatMap((name) => {
    const set = namedEdits[name];
    if (set === undefined) throw new Error(`CHAOS_EDITS: there is no set of edits "${name}".`);
    return set;
  });
for (const { module } of edits) {
  if (!existsSync(new URL(module, dist))) throw new Error(`CHAOS_EDITS: there is no module "${module}" in dist.`);
}

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.startsWith(dist) || loaded.source === undefined || loaded.source === null) return loaded;
    const module = url.slice(dist.length).split('?')[0]!;
    if (!edits.some((edit) => edit.module === module)) return loaded;
    const source =
      typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
    return { ...loaded, source: applyEdits(module, source, edits) };
  },
});
