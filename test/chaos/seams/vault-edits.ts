import type { ModuleEdit } from './module-edit.js';

const keyService = JSON.stringify(new URL('key-service.ts', import.meta.url).href);
const module = 'libs/vault/src/local-key-provider.js';

/** What becomes of the key provider. */
export const vaultEdits: Readonly<Record<string, readonly ModuleEdit[]>> = {
  /** Keys are a service's, which fails while CHAOS_KEY_SERVICE says so: `key-service.ts`. */
  'key-service': [
    { module, find: /^/, replace: `import { ask } from ${keyService};\n` },
    { module, find: /async wrap\(.*\) \{\n/, replace: '$&        await ask();\n' },
    { module, find: /async unwrap\(.*\) \{\n/, replace: '$&        await ask();\n' },
  ],
};
