import { describe, expect, it } from '@jest/globals';
import { rateLimitWaitMs, readRetryAfter } from './retry-after.js';

const now = Date.parse('2026-11-22T10:00:00Z');

describe('readRetryAfter', () => {
  it.each<[string, string | undefined, number | undefined]>([
    ['seconds', '7', 7_000],
    ['seconds with blanks', ' 30 ', 30_000],
    ['no time at all', '0', 1_000],
    ['more than fifteen minutes', '3600', 900_000],
    ['a huge number', '9'.repeat(400), 900_000],
    ['a date', 'Sun, 22 Nov 2026 10:00:20 GMT', 20_000],
    ['an RFC 850 date', 'Sunday, 22-Nov-26 10:01:00 GMT', 60_000],
    ['a date that is over', 'Sun, 22 Nov 2026 09:00:00 GMT', 1_000],
    ['a date far off', 'Mon, 23 Nov 2026 10:00:00 GMT', 900_000],
    ['a negative number', '-5', undefined],
    ['a fraction', '1.5', undefined],
    ['words', 'soon', undefined],
    ['an impossible date', 'Sun, 99 Nov 2026 10:00:00 GMT', undefined],
    ['nothing', '', undefined],
    ['no header', undefined, undefined],
  ])('reads %s', (_name, header, expected) => {
    expect(readRetryAfter(header, now)).toBe(expected);
  });
});

describe('rateLimitWaitMs', () => {
  it('is 5 seconds where the header says nothing usable', () => {
    expect(rateLimitWaitMs(undefined, now)).toBe(5_000);
    expect(rateLimitWaitMs('tomorrow', now)).toBe(5_000);
    expect(rateLimitWaitMs('2', now)).toBe(2_000);
  });
});
