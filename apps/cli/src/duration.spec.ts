import { describe, expect, it } from '@jest/globals';
import { durationUpTo } from './duration.js';

const read = durationUpTo(366 * 86_400_000);

describe('a duration', () => {
  it.each([
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['90d', 7_776_000_000],
    ['366d', 31_622_400_000],
  ])('%s is %d ms', (text, ms) => expect(read(text)).toBe(ms));

  it.each(['', '90', 'd', '0d', '-1d', '1.5d', '90 d', '90D', '1w', '1d1h', '367d', '9999999d', 'constructor'])(
    '%j is refused, and the limit named',
    (text) => expect(() => read(text)).toThrow('at most 366d'),
  );
});
