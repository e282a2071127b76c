// Writes src/generated/ from openapi.json, the recorded contract of the API.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import openapiTypescript, { astToString } from 'openapi-typescript';

const here = (path) => join(import.meta.dirname, path);
const contract = JSON.parse(await readFile(here('openapi.json'), 'utf8'));

const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
);
const keyOf = ({ operation }) => operation.parameters?.find(({ name }) => name === 'Idempotency-Key');
const keyed = operations.filter(keyOf);
// The client sends one where the caller gives none.
for (const operation of keyed) keyOf(operation).required = false;
const codes = new Set(operations.flatMap(({ operation }) => operation['x-problem-codes'] ?? []));

const quoted = (names) => [...names].map((name) => `  | '${name}'`).join('\n');
const listed = (names) => names.map((name) => `  '${name}',`).join('\n');

await mkdir(here('src/generated'), { recursive: true });
await Promise.all([
  writeFile(
    here('src/generated/openapi.ts'),
    astToString(await openapiTypescript(contract, { defaultNonNullable: false })),
  ),
  writeFile(
    here('src/generated/problem-codes.ts'),
    `/** The code of a problem that this version of the API answers with. */\nexport type KnownProblemCode =\n${quoted([...codes].sort())};\n`,
  ),
  writeFile(
    here('src/generated/keyed-operations.ts'),
    `/** The operations that take an Idempotency-Key. */\nexport const keyedOperations: ReadonlySet<string> = /* @__PURE__ */ new Set([\n${listed(keyed.map(({ name }) => name))}\n]);\n`,
  ),
]);
