/** Pauses after the first, second, … try of a delivery; the last is kept to. */
const PAUSES_MS = [5_000, 30_000, 120_000, 600_000, 3_600_000, 10_800_000, 21_600_000];

/** The part of a pause by which it may be longer, so that what failed together does not come back together. */
const JITTER = 0.2;

/** The longest that a receiver's Retry-After is kept to. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** How long a delivery is tried. */
export const GIVE_UP_AFTER_MS = 3 * 86_400_000;

/** How long an endpoint may fail without one success before the next delivery that is given up disables it. */
export const DISABLE_AFTER_MS = 5 * 86_400_000;

/** When to try again after `tries` tries that failed; undefined when that would be too late. A receiver may ask for more time, never for less. Pure. */
export function nextTryAt(
  { tries, giveUpAt, now }: { tries: number; giveUpAt: Date; now: Date },
  retryAfterMs = 0,
  random: () => number = Math.random,
): Date | undefined {
  const pauseMs = PAUSES_MS[Math.min(tries, PAUSES_MS.length) - 1]! * (1 + JITTER * random());
  const next = new Date(now.getTime() + Math.round(Math.max(pauseMs, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS))));
  return next <= giveUpAt ? next : undefined;
}

/** Reads a Retry-After header, in seconds or as an HTTP date (RFC 9110, section 10.2.3); undefined for one that is neither, or in the past. */
export function readRetryAfter(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const ms = /[A-Za-z]{3}/.test(header) ? Date.parse(header) - now.getTime() : NaN;
  return ms > 0 ? ms : undefined;
}
