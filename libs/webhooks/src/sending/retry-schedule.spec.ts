import { describe, expect, it } from '@jest/globals';
import { GIVE_UP_AFTER_MS, nextTryAt, readRetryAfter } from './retry-schedule.js';

const now = new Date('2026-11-22T10:00:00Z');
const giveUpAt = new Date(now.getTime() + GIVE_UP_AFTER_MS);
const pauseAfter = (tries: number, retryAfterMs?: number, random = () => 0) =>
  nextTryAt({ tries, giveUpAt, now }, retryAfterMs, random)!.getTime() - now.getTime();

describe('nextTryAt', () => {
  it('leaves longer and longer pauses, up to six hours', () => {
    const hour = 3600;
    const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 30].map((tries) => pauseAfter(tries) / 1000);
    expect(pauses).toEqual([5, 30, 120, 600, hour, 3 * hour, 6 * hour, 6 * hour, 6 * hour]);
  });

  it('makes a pause up to a fifth longer, never shorter', () => {
    expect(pauseAfter(1, undefined, () => 0.5)).toBe(5_500);
    expect(pauseAfter(1, undefined, () => 0.999)).toBeLessThanOrEqual(6_000);
  });

  it.each([
    ['less time than the schedule', 1_000, 5_000],
    ['more time than the schedule', 60_000, 60_000],
    ['more than a day', 10 * 86_400_000, 86_400_000],
  ])('heeds a receiver that asks for %s', (_what, asked, pause) => {
    expect(pauseAfter(1, asked)).toBe(pause);
  });

  it('tries for three days and then no more', () => {
    let at = now;
    let tries = 0;
    for (let next: Date | undefined = now; next !== undefined; at = next ?? at) {
      tries += 1;
      next = nextTryAt({ tries, giveUpAt, now: next }, 0, () => 0);
      if (next === undefined) break;
      at = next;
    }
    expect(tries).toBeGreaterThan(15);
    expect(giveUpAt.getTime() - at.getTime()).toBeGreaterThanOrEqual(0);
    expect(giveUpAt.getTime() - at.getTime()).toBeLessThan(6 * 3_600_000);
  });
});

describe('readRetryAfter', () => {
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Sun, 22 Nov 2026 10:01:00 GMT', 60_000],
    ['Sun, 22 Nov 2026 09:00:00 GMT', undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['1e9', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %j as %j', (header, ms) => {
    expect(readRetryAfter(header, now)).toBe(ms);
  });
});
