import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { readApiContract } from './api-contract.js';

const RECORDED = 'clients/typescript/openapi.json';

it(`is the contract recorded in ${RECORDED}, from which the typed client is made (to record a change: npm run openapi)`, async () => {
  const served: unknown = JSON.parse(JSON.stringify(await readApiContract()));
  const recorded: unknown = JSON.parse(readFileSync(RECORDED, 'utf8'));
  expect(recorded).toEqual(served);
});
