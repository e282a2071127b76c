import { describe, expect, it } from '@jest/globals';
import { format, inspect } from 'node:util';
import { pino } from 'pino';
import { Secret } from './secret.js';

const value = 'a5f0-very-secret-value';

describe('Secret', () => {
  it('reveals its value on request only', () => {
    expect(new Secret(value).reveal()).toBe(value);
  });

  it.each<[string, (secret: Secret) => string]>([
    ['String()', (secret) => String(secret)],
    ['a template', (secret) => `${secret as unknown as string}`],
    ['concatenation', (secret) => '' + (secret as unknown as string)],
    ['JSON', (secret) => JSON.stringify({ nested: [secret] })],
    ['inspect', (secret) => inspect({ nested: secret }, { depth: 9, showHidden: true })],
    ['format', (secret) => format('%s %o %O %j', secret, secret, secret, secret)],
    ['Object.entries', (secret) => inspect(Object.entries(secret)) + JSON.stringify({ ...secret })],
    ['an error', (secret) => inspect(new Error(`failed with ${secret as unknown as string}`, { cause: secret }))],
    ['structuredClone', (secret) => inspect(structuredClone({ secret })) + JSON.stringify(structuredClone({ secret }))],
    [
      'pino',
      (secret) => {
        let line = '';
        pino({}, { write: (text: string) => void (line += text) }).info({ secret, deep: { secret } }, 'message');
        return line;
      },
    ],
  ])('does not show in %s', (_way, print) => {
    expect(print(new Secret(value))).not.toContain(value);
  });

  it('refuses to be empty, so that a missing secret is noticed where it is read', () => {
    expect(() => new Secret('')).toThrow('must not be empty');
  });
});
