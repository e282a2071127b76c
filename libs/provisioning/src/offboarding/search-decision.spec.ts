import { describe, expect, it } from '@jest/globals';
import type { CreationIntent } from '../onboarding/creation-intent.js';
import { nextSearchMove } from './search-decision.js';

const now = new Date('2026-11-22T12:00:00Z');
const settings = { settledAt: (postedAt: Date) => new Date(postedAt.getTime() + 90_000) };
const ago = (seconds: number): Date => new Date(now.getTime() - seconds * 1_000);
const posting = (clientName: string, seconds: number): CreationIntent => ({
  ...{ phase: 'posting', at: ago(seconds), clientName, posts: 1, unsure: false },
});

describe('nextSearchMove', () => {
  it('looks for nothing where no onboarding is open', () => {
    expect(nextSearchMove([], now, settings)).toEqual({ kind: 'look', names: [] });
  });

  it('waits until the last of what was asked for must show', () => {
    const until = new Date(ago(30).getTime() + 90_000);
    expect(nextSearchMove([posting('a', 30), posting('b', 60)], now, settings)).toEqual({ kind: 'wait', until });
  });

  it('looks for every name then, but for what was only taken over', () => {
    const takenOver = { ...posting('c', 600), takenOver: true };
    expect(nextSearchMove([posting('a', 91), posting('b', 90), takenOver], now, settings)).toEqual({
      kind: 'look',
      names: ['a', 'b'],
    });
  });
});
