/** A change to one compiled module of the product as a process loads it: the tests' way to take a guard away or to plant a fault, with no switch in the product. */
export interface ModuleEdit {
  /** Under dist, e.g. `libs/runs/src/lease.js`. */
  module: string;
  /** Must be found, or the process does not start. */
  find: RegExp;
  replace: string;
}

/** Applies the edits that are meant for the module. Throws when one finds nothing to change. */
export function applyEdits(module: string, source: string, edits: readonly ModuleEdit[]): string {
  let edited = source;
  for (const edit of edits) {
    if (edit.module !== module) continue;
    if (!edit.find.test(edited)) throw new Error(`The edit ${String(edit.find)} finds nothing in "${module}".`);
    edited = edited.replace(edit.find, edit.replace);
  }
  return edited;
}
