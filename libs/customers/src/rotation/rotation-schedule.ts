import { barredMs, barsWholeWeek, stretchesOf } from './blackout.js';
import { BlackoutClock } from './blackout-clock.js';
import type { RotationPolicy } from './rotation-policy.js';

const DAY_MS = 86_400_000;

/** When the rotation after the one at `after` is due: the interval and a part of the jitter later, outside the blackout. `random` gives from 0 up to 1. */
export function nextRotationAt(policy: RotationPolicy, after: Date, random: () => number): Date {
  const dueMs = after.getTime() + policy.intervalMs + Math.round(random() * policy.jitterMs);
  return nextAllowed(policy, new Date(dueMs));
}

/**
 * The first instant, from `at` on, at which a rotation may begin: one at which the clock of the policy's time zone shows a time that no window
 * holds. A time that the clock skips in spring is therefore never met, and one that it shows twice in autumn is barred twice. Windows that
 * leave no time in the week bar nothing: a secret that is never replaced is worse than one replaced at a bad hour.
 */
export function nextAllowed(policy: Pick<RotationPolicy, 'blackout' | 'timeZone'>, at: Date): Date {
  if (policy.blackout.length === 0 || barsWholeWeek(policy.blackout)) return at;
  const stretches = stretchesOf(policy.blackout);
  const clock = new BlackoutClock(policy.timeZone);
  let instant = at.getTime();
  for (;;) {
    const leftMs = barredMs(stretches, clock.weekMs(instant));
    if (leftMs === 0) return new Date(instant);
    const later = instant + Math.min(leftMs, DAY_MS);
    instant = clock.findChange(instant, later) ?? later;
  }
}
