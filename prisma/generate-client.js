import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// Generating needs no schema engine, but Prisma looks for its binary first and would download it: any file that exists will do.
const anyFile = fileURLToPath(import.meta.url);

execFileSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate', '--no-hints'], {
  stdio: ['ignore', 'ignore', 'pipe'],
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: anyFile },
});
