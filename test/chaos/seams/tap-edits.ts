import type { ModuleEdit } from './module-edit.js';

/** The sandbox writes every secret and token it ever hands out into CHAOS_TAP_FILE, one a line, so that all of them can be searched for. */
export const tapEdits: Readonly<Record<string, readonly ModuleEdit[]>> = {
  'tap-secrets': [
    {
      module: 'apps/sandbox/src/api/client-secret.js',
      find: /const hash = hashSecret\(plaintext\);\n/,
      replace:
        "const hash = hashSecret(plaintext);\n        process.getBuiltinModule('node:fs').appendFileSync(process.env.CHAOS_TAP_FILE, `${plaintext}\\n`);\n",
    },
  ],
};
