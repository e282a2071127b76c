import type { ModuleEdit } from './module-edit.js';

const names = JSON.stringify(new URL('name-answers.ts', import.meta.url).href);

/** What a process hears of the network. */
export const networkEdits: Readonly<Record<string, readonly ModuleEdit[]>> = {
  /** Names are looked up in files, and no connection but those to PostgreSQL, Redis and the sandbox leaves the process: `name-answers.ts`. */
  'name-answers': [{ module: 'libs/platform/src/network/address-guard.js', find: /^/, replace: `import ${names};\n` }],
};
