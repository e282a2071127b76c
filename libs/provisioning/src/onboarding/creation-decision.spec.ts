import { describe, expect, it } from '@jest/globals';
import type { OAuthClient } from '@app/qlik';
import { ProvisioningSettings } from '../provisioning-settings.js';
import {
  afterLook,
  intentToTakeOver,
  intentWithoutPost,
  intentWithoutClient,
  nextCreationMove,
} from './creation-decision.js';
import type { CreationIntent, MintingIntent, PostingIntent } from './creation-intent.js';

const settings = new ProvisioningSettings(20_000, 60_000, 10_000);
const at = new Date('2026-01-01T00:00:00.000Z');
const settledAt = new Date('2026-01-01T00:01:30.000Z');
const justBefore = new Date(settledAt.getTime() - 1);

const posting: PostingIntent = { phase: 'posting', at, clientName: 'name', posts: 1, unsure: false };
const minting: MintingIntent = {
  ...posting,
  phase: 'minting',
  clientId: 'id',
  mints: 1,
  deadSecrets: [],
  knownHints: [],
};
const settled = <Asking extends PostingIntent | MintingIntent>(intent: Asking) => ({ ...intent, settled: true });
const client = (clientId: string, createdAt: string) => ({ clientId, createdAt }) as OAuthClient;

describe('nextCreationMove', () => {
  it.each<[string, CreationIntent | null, Date, object]>([
    ['begins where nothing was intended', null, at, { kind: 'begin' }],
    ['waits for a lost POST', posting, justBefore, { kind: 'wait', until: settledAt }],
    ['looks once it must show', posting, settledAt, { kind: 'look', intent: posting }],
    ['looks at once where nothing is left to show', settled(posting), at, { kind: 'look', intent: settled(posting) }],
    ['mints at once where none is', settled(minting), at, { kind: 'go-on-minting', intent: settled(minting) }],
    ['waits for a lost mint', minting, justBefore, { kind: 'wait', until: settledAt }],
    ['goes on minting once it must show', minting, settledAt, { kind: 'go-on-minting', intent: minting }],
  ])('%s', (_what, intent, now, move) => {
    expect(nextCreationMove(intent, now, settings)).toEqual(move);
  });

  it('has nothing to do with a client that is kept', () => {
    const kept = { ...minting, phase: 'kept' as const, postedAt: at };
    expect(() => nextCreationMove(kept, settledAt, settings)).toThrow('kept already');
  });
});

describe('afterLook', () => {
  it('adopts the oldest', () => {
    const found = [client('b', '2026-01-02'), client('c', '2026-01-01'), client('a', '2026-01-02')];
    expect(afterLook(posting, found, 'new')).toEqual({ kind: 'adopt', client: found[1] });
  });

  it('has Qlik asked again, under the same name, where there is none', () => {
    const intent = { ...posting, removing: { clientIds: ['x'], hints: [] } };
    const { clientName, removing } = intent;
    expect(afterLook(intent, [], 'new')).toEqual({
      kind: 'post',
      before: { clientName, posts: 1, unsure: true, removing },
    });
    expect(afterLook({ ...posting, posts: 4 }, [], 'new')).toMatchObject({ kind: 'post' });
  });

  it('has Qlik asked under a name of our own where what was to be taken over is gone', () => {
    expect(afterLook({ ...posting, takenOver: true, otherNames: ['other'] }, [], 'new')).toEqual({
      kind: 'post',
      before: { clientName: 'new', posts: 1, unsure: true },
    });
  });

  it('gives up after five, so that a retry has five again', () => {
    expect(afterLook({ ...posting, posts: 5 }, [], 'new')).toMatchObject({
      kind: 'give-up',
      intent: { phase: 'posting', clientName: 'name', posts: 0, unsure: true },
      error: { code: 'CREATION_UNANSWERED', message: expect.stringContaining('5 times') },
    });
  });
});

describe('the intent', () => {
  it('to take a client over says so, and is otherwise that of a lost answer', () => {
    expect(intentToTakeOver(['oldest', 'other'], { posts: 2 })).toEqual({
      phase: 'posting',
      clientName: 'oldest',
      takenOver: true,
      otherNames: ['other'],
      posts: 2,
      unsure: true,
    });
    expect(() => intentToTakeOver([], { posts: 0 })).toThrow(RangeError);
  });

  it('without its client is that of a lost answer', () => {
    expect(intentWithoutClient({ ...minting, takenOver: true, otherNames: ['other'] })).toEqual({
      phase: 'posting',
      clientName: 'name',
      takenOver: true,
      otherNames: ['other'],
      posts: 1,
      unsure: true,
    });
  });

  it('is gone after a POST that made nothing, unless an earlier answer was lost: then nothing more is left to show', () => {
    const before = { clientName: 'name', posts: 1, unsure: false };
    expect(intentWithoutPost(before)).toBeNull();
    const unsure = { ...before, unsure: true };
    expect(intentWithoutPost(unsure)).toEqual({ ...unsure, phase: 'posting', settled: true });
  });

  it('of a POST that was refused waits anew once it is adopted, or taken over', () => {
    const refused = settled(posting);
    expect(intentWithoutClient(refused)).not.toHaveProperty('settled');
    expect(afterLook(refused, [], 'new')).not.toHaveProperty('before.settled');
    expect(intentToTakeOver(['oldest'], refused)).not.toHaveProperty('settled');
  });
});
