import { describe, expect, it } from '@jest/globals';
import { hasPromoted, isBeforePromotion, isInGrace, ROTATION_STEPS } from './rotation-steps.js';

describe('the steps of a rotation', () => {
  it('come in this order', () => {
    expect(ROTATION_STEPS).toEqual(['mint', 'verify', 'promote', 'grace', 'retire', 'prove-revoked']);
  });

  it.each<[string | null, boolean, boolean, boolean]>([
    [null, true, false, false],
    ['mint', true, false, false],
    ['verify', true, false, false],
    // Whether it has made its secret current is not known before its end is committed.
    ['promote', false, false, false],
    ['grace', false, true, true],
    ['retire', false, true, false],
    ['prove-revoked', false, true, false],
  ])('at %s: can be taken back %s, is current %s, in grace %s', (step, before, promoted, inGrace) => {
    expect([isBeforePromotion(step), hasPromoted(step), isInGrace(step)]).toEqual([before, promoted, inGrace]);
  });
});
