import { describe, expect, it } from '@jest/globals';
import { beginAdoption } from './mint-decision.js';
import { sortOutNamed, sortOutSecrets } from './settling-decision.js';

const posting = { phase: 'posting' as const, at: new Date(), clientName: 'name', posts: 0, unsure: true };
const us = 'user-of-ours';
const client = (clientId: string) => ({ clientId, clientName: 'name', createdAt: '2026-01-01' });

describe('sortOutNamed', () => {
  const named = ['b', 'a', 'c', 'b'].map(client);

  it('leaves the recorded client, however often the others are listed', () => {
    expect(sortOutNamed({ clientId: 'a' }, named)).toEqual({ duplicates: ['b', 'c'], unrecognised: 0 });
    expect(sortOutNamed({ clientId: 'a' }, [])).toEqual({ duplicates: [], unrecognised: 0 });
  });

  it('leaves and counts all that were found with a client that was taken over', () => {
    expect(sortOutNamed({ clientId: 'a', takenOver: true }, named)).toEqual({ duplicates: [], unrecognised: 2 });
  });
});

describe('sortOutSecrets', () => {
  const recorded = { hint: 'recor', createdBy: us };
  const intent = { deadSecrets: [{ hint: 'dead1', createdBy: us }], knownHints: ['dead1'] };

  it('has the dead ones go, and counts what is not ours', () => {
    const secrets = [
      recorded,
      { hint: 'dead1', createdBy: us },
      { hint: 'newer', createdBy: us },
      { hint: 'alien', createdBy: 'somebody' },
      { hint: 'silent' },
    ];
    expect(sortOutSecrets(intent, recorded, secrets)).toEqual({ dead: ['dead1', 'newer'], unrecognised: 2 });
  });

  it.each<[string, string | undefined, string | undefined, string | undefined, string[]]>([
    ['where Qlik never says who makes what', undefined, undefined, undefined, []],
    ['where only the list says so', us, 'alice', undefined, ['ourV1']],
    ['where the answer to the mint says so as well', us, 'alice', us, ['ourV1']],
    ['where only the answer to the mint says so', undefined, undefined, us, []],
  ])('leaves what somebody made long ago on a client that was taken over, %s', (_where, ours, hers, minted, dead) => {
    const before = [
      { hint: 'ourV1', createdBy: ours },
      { hint: 'alice', createdBy: hers },
    ];
    const { deadSecrets, makerDecides } = beginAdoption({ ...posting, takenOver: true }, 'a', before);
    const kept = { deadSecrets, makerDecides, knownHints: ['ourV1', 'alice'] };
    const secrets = [...before, { hint: 'recor', createdBy: ours }];
    const unrecognised = 2 - dead.length;
    expect(sortOutSecrets(kept, { hint: 'recor', createdBy: minted }, secrets)).toEqual({ dead, unrecognised });
  });

  it('reads in the list who made ours where the mint did not say, unless two bear its hint', () => {
    const secrets = [recorded, { hint: 'dead1', createdBy: us }, { hint: 'alice', createdBy: 'alice' }];
    const adopted = { ...intent, deadSecrets: secrets.slice(1) };
    const minted = { hint: 'recor' };
    expect(sortOutSecrets(adopted, minted, secrets)).toEqual({ dead: ['dead1'], unrecognised: 1 });
    const strict = { ...adopted, makerDecides: true };
    expect(sortOutSecrets(strict, minted, [recorded, ...secrets])).toEqual({ dead: [], unrecognised: 2 });
  });

  it('leaves what shares its hint', () => {
    const secrets = [recorded, { hint: 'dead1', createdBy: us }, { hint: 'dead1', createdBy: 'somebody' }];
    expect(sortOutSecrets(intent, recorded, secrets)).toEqual({ dead: [], unrecognised: 2 });
  });
});
