import { inspect } from 'node:util';
import { expect } from '@jest/globals';
import { QlikError } from '../src/qlik-error.js';
import { parentSecret } from './local-qlik.js';

/** What must never be in an error: every secret that these tests send or receive. */
export const secrets = [parentSecret, 'token-1-of-', 'own-secret-9f8e7d', 'shown-once-5a5b5c', 'Bearer', 'the-body'];

/** The QlikError with which `promise` fails, once it is sure that no secret can be printed from it. */
export async function caught(promise: Promise<unknown>): Promise<QlikError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof QlikError)) throw new Error('expected a QlikError', { cause: error });
  const printed = [
    inspect(error, { depth: 10, showHidden: true }),
    JSON.stringify(error),
    error.message,
    error.stack,
  ].join();
  for (const secret of secrets) expect(printed).not.toContain(secret);
  expect(error.message).toMatch(/"acme|"globex|"[^"]*"/);
  return error;
}
