import { describe, expect, it } from '@jest/globals';
import { findDuplicates } from './duplicates.js';

const claim = (externalId: string, tenantHost: string, clientId?: string) => ({
  ...{ externalId, tenantHost },
  ...(clientId === undefined ? {} : { existingClient: { clientId } }),
});

describe('findDuplicates', () => {
  it.each([
    ['items that have nothing in common', [claim('a', 'x'), claim('b', 'y')], [0, 1], []],
    ['an externalId asked for again', [claim('a', 'x'), claim('a', 'y')], [0], [1]],
    ['a tenantHost asked for again', [claim('a', 'x'), claim('b', 'x')], [0], [1]],
    ['a client asked for again', [claim('a', 'x', 'c'), claim('b', 'y', 'd'), claim('e', 'z', 'c')], [0, 1], [2]],
    ['what a contested item alone asked for before', [claim('a', 'x'), claim('a', 'y'), claim('b', 'y')], [0], [1, 2]],
    ['an externalId spelled like a host', [claim('x', 'y'), claim('y', 'x', 'x')], [0, 1], []],
    ['positions without a claim', [undefined, claim('a', 'x'), undefined], [1], []],
    ['nothing', [], [], []],
  ])('sorts out %s', (_what, claims, free, contested) => {
    expect(findDuplicates(claims)).toEqual({ free, contested });
  });
});
