import { describe, expect, it } from '@jest/globals';
import { mayHaveMinted, sortOutReleased } from './release-decision.js';
import type { EnrolmentIntent } from './enrolment-intent.js';

const us = 'parent-client';
const at = new Date(0);
const secret = (hint: string, createdBy = us) => ({ hint, createdBy });
const ours = secret('ours');

const known = {
  ...{ at, clientId: 'c1', clientName: 'portal', existing: { changed: [] }, posts: 0, unsure: false },
  ...{ mints: 1, deadSecrets: [], knownHints: ['theirs'] },
};
const minting: EnrolmentIntent = { ...known, phase: 'minting' };
const kept: EnrolmentIntent = { ...known, phase: 'kept', postedAt: at };
const given: EnrolmentIntent = { ...kept, mints: 0, knownHints: null };
const fitting: EnrolmentIntent = { phase: 'fitting', changed: [] };

describe('sortOutReleased', () => {
  it('deletes the secret that was minted, listed or not yet', () => {
    expect(sortOutReleased(kept, ours, [secret('theirs'), ours])).toEqual({ hints: ['ours'], unrecognised: 0 });
    expect(sortOutReleased(kept, ours, [secret('theirs')])).toEqual({ hints: ['ours'], unrecognised: 0 });
  });

  it('deletes with it what a lost answer made', () => {
    const intent: EnrolmentIntent = { ...kept, mints: 2, unsure: true };
    const secrets = [secret('theirs'), secret('lost'), ours];
    expect(sortOutReleased(intent, ours, secrets)).toEqual({ hints: ['ours', 'lost'], unrecognised: 0 });
  });

  it('leaves two that share a hint', () => {
    expect(sortOutReleased(kept, ours, [ours, ours])).toMatchObject({ hints: [] });
  });

  it.each<[string, EnrolmentIntent | null]>([
    ['the secret that was given', given],
    ['a client that was only fitted', fitting],
    ['a client that was not looked at', null],
  ])('leaves all of %s', (_, intent) => {
    expect(sortOutReleased(intent, ours, [ours, secret('theirs')])).toEqual({ hints: [], unrecognised: 0 });
    expect(mayHaveMinted(intent)).toBe(false);
  });

  it('leaves and counts what came of a mint that was not stored', () => {
    expect(sortOutReleased(minting, null, [secret('theirs'), secret('lost')])).toEqual({ hints: [], unrecognised: 1 });
    expect(mayHaveMinted(minting)).toBe(true);
  });
});
