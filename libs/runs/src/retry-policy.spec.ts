import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs } from './retry-policy.js';

const policy = { maxAttempts: 8, baseMs: 500, maxMs: 10_000 };

describe('backoffMs', () => {
  it.each([
    [1, 500],
    [2, 1_000],
    [3, 2_000],
    [5, 8_000],
    [6, 10_000],
    [50, 10_000],
    [5_000, 10_000],
  ])('after %i failed tries is bounded by %i ms', (attempts, bound) => {
    expect(backoffMs(policy, attempts, () => 1)).toBe(bound);
    expect(backoffMs(policy, attempts, () => 0.25)).toBe(bound / 4);
    expect(backoffMs(policy, attempts, () => 0)).toBe(0);
  });

  it('is a whole number from 0 to the exponential bound, whatever the policy', () => {
    fc.assert(
      fc.property(
        fc.record({ maxAttempts: fc.nat(), baseMs: fc.nat(60_000), maxMs: fc.nat(3_600_000) }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (anyPolicy, attempts, random) => {
          const pause = backoffMs(anyPolicy, attempts, () => random);
          expect(Number.isInteger(pause)).toBe(true);
          expect(pause).toBeGreaterThanOrEqual(0);
          expect(pause).toBeLessThanOrEqual(anyPolicy.maxMs);
          expect(pause).toBeLessThanOrEqual(anyPolicy.baseMs * 2 ** Math.min(attempts - 1, 40));
        },
      ),
    );
  });
});
