import { z } from 'zod';
import { type BlackoutWindow, WEEK_DAYS } from './blackout.js';
import { isTimeZone } from './blackout-clock.js';
import type { RotationDefaults } from './rotation-policy.config.js';

/** When and how a customer's secrets are replaced, with nothing left open. */
export interface RotationPolicy {
  /** From one rotation to the next. */
  intervalMs: number;
  /** How long the old secret stays valid after the new one took its place. */
  graceMs: number;
  /** A rotation begins up to this much later than the interval asks. */
  jitterMs: number;
  /** In which no rotation begins, by the clock of `timeZone`. */
  blackout: readonly BlackoutWindow[];
  timeZone: string;
  /** What shows that the new secret is in use before the old one goes. */
  acknowledgement: 'none' | 'read' | 'call';
  /** How long after the grace the acknowledgement is waited for. */
  deadlineMs: number;
  /** Whether the old secret goes at the deadline all the same. */
  force: boolean;
}

/** A customer's stored `rotation` that cannot be read. Thrown for one customer; whoever goes through many must not let it stop the others. */
export class RotationUnreadable extends Error {
  override readonly name = 'RotationUnreadable';

  constructor(issues: readonly z.core.$ZodIssue[]) {
    const list = issues.map(({ path, message }) => `"${['rotation', ...path].join('.')}": ${message}`).join('; ');
    super(`The customer's rotation cannot be read: ${list}. Correct it, or clear it so that the defaults hold.`);
  }
}

// Wider than what the API takes: what it took under other limits stays readable, and a Date can still hold the sum.
const seconds = z.number().min(0).max(1e9);
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 22:30');

/** Strict: a field that this version does not know may be a restriction, and acting on the rest would break it. */
const storedRotation = z
  .strictObject({
    intervalSeconds: seconds.min(0.001),
    graceSeconds: seconds,
    jitterSeconds: seconds,
    blackout: z.array(z.strictObject({ from: timeOfDay, to: timeOfDay, days: z.array(z.enum(WEEK_DAYS)) })),
    timeZone: z.string().refine(isTimeZone, 'must be a time zone of the IANA database'),
    acknowledgement: z.enum(['none', 'read', 'call']),
    deadlineSeconds: seconds,
    force: z.boolean(),
  })
  .partial();

/**
 * The policy of a customer whose `rotation` is stored as given; null is a customer without wishes. What it says holds, even where it
 * contradicts itself; a default holds as long as it fits, so that the hourly interval of one customer is not undone by a grace of a day that
 * was meant for others. Throws RotationUnreadable.
 */
export function policyOf(stored: unknown, defaults: RotationDefaults): RotationPolicy {
  const result = storedRotation.safeParse(stored ?? {}, { reportInput: false });
  if (!result.success) throw new RotationUnreadable(result.error.issues);
  const given = result.data;
  const intervalMs = ms(given.intervalSeconds) ?? defaults.intervalMs;
  const quarterMs = Math.ceil(intervalMs / 4);
  const tenthMs = Math.ceil(intervalMs / 10);
  const graceMs = ms(given.graceSeconds) ?? within(defaults.graceMs, intervalMs, quarterMs);
  return {
    intervalMs,
    graceMs,
    jitterMs: ms(given.jitterSeconds) ?? within(defaults.jitterMs ?? tenthMs, intervalMs, tenthMs),
    blackout: given.blackout ?? [],
    timeZone: given.timeZone ?? 'UTC',
    acknowledgement: given.acknowledgement ?? defaults.acknowledgement,
    deadlineMs: ms(given.deadlineSeconds) ?? within(defaults.deadlineMs, intervalMs - graceMs, quarterMs),
    force: given.force ?? false,
  };
}

/** The same where somebody must go on: the defaults alone for a policy that cannot be read. The rotation that begins then says so where people look. */
export function policyOrDefaults(stored: unknown, defaults: RotationDefaults): RotationPolicy {
  try {
    return policyOf(stored, defaults);
  } catch (error) {
    if (error instanceof RotationUnreadable) return policyOf(null, defaults);
    throw error;
  }
}

/** The default, or `otherwiseMs` if there is no room for it. */
const within = (defaultMs: number, roomMs: number, otherwiseMs: number): number =>
  defaultMs <= roomMs ? defaultMs : otherwiseMs;

const ms = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.round(value * 1000);
