import { describe, expect, it } from '@jest/globals';
import { parseCreationIntent } from './creation-intent.js';

const at = '2026-01-01T00:00:00.000Z';
const creation = { at, clientName: 'name', posts: 1, unsure: false };
const adoption = {
  clientId: 'id',
  mints: 1,
  deadSecrets: [{ hint: 'abcde' }, { hint: 'fghij', createdBy: 'u1' }],
  knownHints: ['abcde'],
};

/** As it comes back from a JSON column. */
const stored = (intent: unknown): unknown => JSON.parse(JSON.stringify(intent));

describe('parseCreationIntent', () => {
  it('has none where none was committed', () => {
    expect(parseCreationIntent(null)).toBeNull();
  });

  it.each([
    [{ phase: 'posting', ...creation }, { at: new Date(at) }],
    [{ phase: 'minting', ...creation, ...adoption }, { at: new Date(at) }],
    [
      { phase: 'minting', ...creation, takenOver: true, otherNames: [], ...adoption, makerDecides: true },
      { at: new Date(at) },
    ],
    [
      { phase: 'kept', ...creation, ...adoption, postedAt: at },
      { at: new Date(at), postedAt: new Date(at) },
    ],
    [
      { phase: 'kept', ...creation, ...adoption, knownHints: null, postedAt: at },
      { at: new Date(at), postedAt: new Date(at) },
    ],
  ])('reads %j', (intent, parsed) => {
    const first = parseCreationIntent(stored(intent));
    expect(first).toEqual({ ...intent, ...parsed });
    expect(parseCreationIntent(stored(first))).toEqual(first);
  });

  it.each([
    ['an unknown phase', { phase: 'dreaming', ...creation }],
    ['a client kept without its id', { phase: 'kept', ...creation, postedAt: at, deadSecrets: [], knownHints: null }],
    ['no time', { phase: 'posting', clientName: 'name', posts: 1, unsure: false }],
    ['half a post', { phase: 'posting', ...creation, posts: 0.5 }],
    ['nothing', {}],
  ])('refuses %s', (_what, intent) => {
    expect(() => parseCreationIntent(intent)).toThrow();
  });
});
