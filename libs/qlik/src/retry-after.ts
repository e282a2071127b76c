const DEFAULT_MS = 5_000;
const MIN_MS = 1_000;
const MAX_MS = 15 * 60_000;

/** The wait that a Retry-After header asks for, in milliseconds: seconds or an HTTP date (RFC 9110 §10.2.3), from 1 second to 15 minutes; undefined if absent or absurd. */
export function readRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return clamp(Number(text) * 1000);
  // Date.parse reads much that is no HTTP date, "-5" and "1.5" among it.
  if (!/^[A-Z][a-z]+,? \d.*(GMT)$/.test(text) || Number.isNaN(Date.parse(text))) return undefined;
  return clamp(Date.parse(text) - nowMs);
}

/** The wait after a 429 in milliseconds: what Retry-After asks for, else 5 seconds. */
export function rateLimitWaitMs(header: string | undefined, nowMs: number): number {
  return readRetryAfter(header, nowMs) ?? DEFAULT_MS;
}

function clamp(waitMs: number): number {
  return Math.min(Math.max(waitMs, MIN_MS), MAX_MS);
}
