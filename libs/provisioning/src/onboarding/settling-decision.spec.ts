import { describe, expect, it } from '@jest/globals';
import { findDuplicates, sortOutSecrets } from './settling-decision.js';

const us = 'user-of-ours';
const client = (clientId: string) => ({ clientId, clientName: 'name', createdAt: '2026-01-01' });

describe('findDuplicates', () => {
  it('leaves the recorded client, however often the others are listed', () => {
    const named = ['b', 'a', 'c', 'b'].map(client);
    expect(findDuplicates({ clientId: 'a' }, named)).toEqual(['b', 'c']);
    expect(findDuplicates({ clientId: 'a' }, [])).toEqual([]);
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

  it('leaves what shares its hint', () => {
    const secrets = [recorded, { hint: 'dead1', createdBy: us }, { hint: 'dead1', createdBy: 'somebody' }];
    expect(sortOutSecrets(intent, recorded, secrets)).toEqual({ dead: [], unrecognised: 2 });
  });
});
