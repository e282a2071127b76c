import { describe, expect, it } from '@jest/globals';
import { isOnlyOfItsHint } from './secrets-at-qlik.js';
import { isOurs, type KnownSecrets } from './whose-hint.js';

const us = 'user-of-ours';
const known = (changes: Partial<KnownSecrets> = {}): KnownSecrets => ({
  recorded: [{ hint: 'recor', createdBy: us }],
  deadSecrets: [],
  knownHints: ['recor', 'older'],
  ...changes,
});

describe('isOurs', () => {
  it.each([
    ['recorded', { hint: 'recor', createdBy: us }, known(), true],
    ['recorded, whoever Qlik says made it', { hint: 'recor', createdBy: 'somebody' }, known(), true],
    ['recorded, though Qlik does not say who made it', { hint: 'recor' }, known(), true],
    ['of a lost answer', { hint: 'dead1' }, known({ deadSecrets: [{ hint: 'dead1' }] }), true],
    [
      'of a lost answer, with nothing known before',
      { hint: 'dead1' },
      known({ deadSecrets: [{ hint: 'dead1' }], knownHints: null }),
      true,
    ],
    [
      'of a client that was adopted, but made by somebody else than ours',
      { hint: 'dead1', createdBy: 'somebody' },
      known({ deadSecrets: [{ hint: 'dead1', createdBy: 'somebody' }] }),
      false,
    ],
    [
      'new, and made by somebody whose secret was on the client when it was adopted',
      { hint: 'newer', createdBy: 'somebody' },
      known({ deadSecrets: [{ hint: 'dead1', createdBy: 'somebody' }] }),
      false,
    ],
    [
      'of a client that was adopted, made by somebody, where it does not show who makes ours',
      { hint: 'dead1', createdBy: 'somebody' },
      known({ recorded: [{ hint: 'recor' }], deadSecrets: [{ hint: 'dead1', createdBy: 'somebody' }] }),
      false,
    ],
    [
      'of a client that was adopted, of an unknown maker',
      { hint: 'dead1' },
      known({ deadSecrets: [{ hint: 'dead1' }] }),
      true,
    ],
    [
      'of a client that was adopted, before one of ours is recorded',
      { hint: 'dead1', createdBy: us },
      known({ recorded: [], deadSecrets: [{ hint: 'dead1', createdBy: us }] }),
      true,
    ],
    ['new, and made by the user of ours', { hint: 'newer', createdBy: us }, known(), true],
    [
      'new, and made by the user of a dead one',
      { hint: 'newer', createdBy: 'u2' },
      known({ recorded: [], deadSecrets: [{ hint: 'dead1', createdBy: 'u2' }] }),
      true,
    ],
    ['new, but made by somebody else', { hint: 'newer', createdBy: 'somebody' }, known(), false],
    ['new, but Qlik does not say who made it', { hint: 'newer' }, known(), false],
    [
      'new, and neither Qlik nor we know who makes ours',
      { hint: 'newer' },
      known({ recorded: [{ hint: 'recor' }] }),
      false,
    ],
    [
      'new, and we do not know who makes ours',
      { hint: 'newer', createdBy: us },
      known({ recorded: [{ hint: 'recor' }] }),
      false,
    ],
    ['there before, though made by the user of ours', { hint: 'older', createdBy: us }, known(), false],
    [
      'by the user of ours, but with nothing known before',
      { hint: 'newer', createdBy: us },
      known({ knownHints: null }),
      false,
    ],
    [
      'of a client that may be old, made by the user of ours',
      { hint: 'older', createdBy: us },
      known({ makerDecides: true }),
      true,
    ],
    ['of a client that may be old, of an unknown maker', { hint: 'older' }, known({ makerDecides: true }), false],
    [
      'of a client that may be old, where it does not show who makes ours',
      { hint: 'older', createdBy: us },
      known({ makerDecides: true, recorded: [{ hint: 'recor' }] }),
      false,
    ],
    ['of nobody we know', { hint: 'newer', createdBy: us }, known({ recorded: [] }), false],
  ])('a secret %s', (_which, secret, secrets, ours) => {
    expect(isOurs(secret, secrets)).toBe(ours);
  });
});

describe('isOnlyOfItsHint', () => {
  const secrets = [{ hint: 'aaaaa', createdBy: us }, { hint: 'bbbbb' }, { hint: 'aaaaa', createdBy: 'somebody' }];

  it('tells a secret that a deletion by hint means from two that it could mean', () => {
    expect(secrets.map((secret) => isOnlyOfItsHint(secret, secrets))).toEqual([false, true, false]);
  });
});
