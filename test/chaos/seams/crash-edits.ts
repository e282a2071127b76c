import type { ModuleEdit } from './module-edit.js';

/** Imports what `crash-boundaries.ts` exports where an edit stands. */
const boundaries = `(await import(${JSON.stringify(new URL('crash-boundaries.ts', import.meta.url).href)}))`;

/** Processes that end themselves. */
export const crashEdits: Readonly<Record<string, readonly ModuleEdit[]>> = {
  /** A tenant whose name has `poison` in it kills whichever worker calls it. */
  poison: [
    {
      module: 'libs/qlik/src/transport.js',
      find: /async call\(call, context = \{\}\) \{\n/,
      replace:
        "async call(call, context = {}) {\n        if (call.host.includes('poison')) process.kill(process.pid, 'SIGKILL');\n",
    },
  ],
  /** Each boundary of a step is passed by way of `crash-boundaries.ts`, which ends the process at the one that the tenant's fate names. */
  boundaries: [
    {
      module: 'libs/runs/src/run-claims.repository.js',
      find: /async claim\((.*)\) \{\n/,
      replace: `async claim($1) {
        const row = await this.claimOnly($1);
        if (row !== undefined) await ${boundaries}.passClaim(row, this.database.sql);
        return row;
    }
    async claimOnly($1) {\n`,
    },
    {
      module: 'libs/runs/src/attempts.repository.js',
      find: /async setIntent\((.*)\) \{\n/,
      replace: `async setIntent($1) {
        return ${boundaries}.passIntent(hold, intent, () => this.setIntentOnly($1));
    }
    async setIntentOnly($1) {\n`,
    },
    {
      module: 'libs/runs/src/attempt-committer.js',
      find: /await this\.#commitOnce\((.*)\)/,
      replace: `await ${boundaries}.passCommit(run.hold, progress.end, () => this.#commitOnce($1))`,
    },
    {
      module: 'libs/qlik/src/transport.js',
      find: /async call\((call, context) = \{\}\) \{\n/,
      replace: `async call($1 = {}) {
        return ${boundaries}.passCall(call, () => this.callOnly($1));
    }
    async callOnly($1 = {}) {\n`,
    },
  ],
};
