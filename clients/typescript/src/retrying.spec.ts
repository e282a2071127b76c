import { describe, expect, it } from '@jest/globals';
import { delayMs } from './retrying.js';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');

describe('the time before the next try', () => {
  it.each([
    ['grows', [1, null], [250, 500]],
    ['grows more', [3, null], [1_000, 2_000]],
    ['has an end', [50, null], [4_000, 8_000]],
    ['is at least what was asked in seconds', [1, '7'], [7_000, 7_500]],
    ['is at least what was asked as a date', [1, 'Sun, 22 Nov 2026 12:00:20 GMT'], [20_000, 20_500]],
    ['is short when the date has passed', [1, 'Sun, 22 Nov 2026 11:00:00 GMT'], [0, 500]],
    ['is as if nothing was asked when that cannot be read', [1, 'soon'], [250, 500]],
  ] as const)('%s', (_what, [tries, retryAfter], [least, most]) => {
    expect(delayMs(tries, 500, retryAfter, NOW, 0)).toBe(least);
    expect(delayMs(tries, 500, retryAfter, NOW, 1)).toBe(most);
  });
});
