import { describe, expect, it } from '@jest/globals';
import type { MintingIntent, PostingIntent } from './creation-intent.js';
import { afterMint } from '../secrets/minting.js';
import { type Adoption, afterLostMint, beginAdoption, findRoom } from './mint-decision.js';
import type { SecretAtQlik } from '../secrets/secrets-at-qlik.js';

const us = 'user-of-ours';
const posting: PostingIntent = { phase: 'posting', at: new Date(), clientName: 'name', posts: 1, unsure: false };
const secretsOf = (hints: string, createdBy: string | undefined = us): SecretAtQlik[] =>
  [...hints].map((hint) => ({ hint, createdBy }));
const adoption = (changes: Partial<Adoption> = {}): Adoption => ({
  clientName: 'name',
  posts: 1,
  unsure: true,
  clientId: 'id',
  mints: 0,
  deadSecrets: secretsOf('a'),
  knownHints: null,
  ...changes,
});
const minting = (changes: Partial<MintingIntent> = {}): MintingIntent => ({
  ...adoption({ mints: 1, knownHints: ['a'] }),
  phase: 'minting',
  at: new Date(),
  ...changes,
});

describe('beginAdoption', () => {
  it('takes the one secret of a client that was just made for dead', () => {
    expect(beginAdoption(posting, 'id', secretsOf('a'))).toMatchObject({
      clientId: 'id',
      unsure: true,
      mints: 0,
      deadSecrets: secretsOf('a'),
      makerDecides: false,
      knownHints: null,
    });
  });

  it.each<[string, PostingIntent, string]>([
    ['was taken over', { ...posting, takenOver: true }, 'a'],
    ['has more secrets than a POST makes', posting, 'ab'],
  ])('takes none for dead of a client that %s', (_which, intent, hints) => {
    expect(beginAdoption(intent, 'id', secretsOf(hints))).toMatchObject({ deadSecrets: [], makerDecides: true });
  });
});

describe('afterLostMint', () => {
  it('counts what is newer and made by us among the dead, and keeps the hints from before the first mint', () => {
    const secrets = [...secretsOf('ab'), ...secretsOf('c', 'somebody')];
    expect(afterLostMint(minting(), secrets)).toMatchObject({
      kind: 'mint',
      adoption: { deadSecrets: secretsOf('ab'), knownHints: ['a'], mints: 1 },
    });
  });

  it('gives up after five, so that a retry has five again', () => {
    expect(afterLostMint(minting({ mints: 4 }), secretsOf('a')).kind).toBe('mint');
    expect(afterLostMint(minting({ mints: 5 }), secretsOf('a'))).toMatchObject({
      kind: 'give-up',
      intent: { phase: 'minting', mints: 0 },
      error: { code: 'MINT_UNANSWERED' },
    });
  });
});

describe('findRoom', () => {
  it('is there below five', () => {
    expect(findRoom(adoption(), secretsOf('abcd'))).toEqual({ kind: 'room' });
  });

  it('is made by a dead secret that alone bears its hint', () => {
    const deadSecrets = secretsOf('abc');
    expect(findRoom(adoption({ deadSecrets, mints: 4 }), secretsOf('aabcd'))).toEqual({ kind: 'delete', hint: 'b' });
  });

  it.each<[string, SecretAtQlik[], SecretAtQlik[]]>([
    ['none is ours', [], secretsOf('abcde', 'somebody')],
    ['ours share their hints', secretsOf('a'), secretsOf('aabcd')],
    ['who is us does not show', secretsOf('ab'), [...secretsOf('abcd'), ...secretsOf('e', 'somebody')]],
  ])('is not there when %s', (_why, deadSecrets, secrets) => {
    const full = findRoom(adoption({ deadSecrets, mints: 4 }), secrets);
    expect(full).toMatchObject({ kind: 'full', error: { code: 'SECRET_CAPACITY' } });
  });
});

describe('findRoom among more secrets than were ever asked for', () => {
  it('deletes none, for some are of somebody else', () => {
    const deadSecrets = secretsOf('abcde');
    const full = findRoom(adoption({ deadSecrets, mints: 3 }), deadSecrets);
    expect(full).toMatchObject({ kind: 'full', error: { code: 'SECRET_CAPACITY' } });
  });
});

describe('afterMint', () => {
  const client = { clientId: 'id', isIrreplaceable: false };

  it('keeps a secret whose hint is new', () => {
    expect(afterMint(client, ['a', 'b'], { hint: 'c' }, 1)).toEqual({ kind: 'keep' });
  });

  it('mints again as long as there is room', () => {
    expect(afterMint(client, ['a', 'b', 'c'], { hint: 'a' }, 1)).toEqual({ kind: 'mint-again' });
    expect(afterMint(client, ['a', 'b', 'c'], { hint: 'b' }, 2)).toMatchObject({
      kind: 'give-up',
      error: { code: 'HINT_COLLISION' },
    });
  });
});
