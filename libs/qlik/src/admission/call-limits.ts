import type { RateTier } from './rate-tier.js';

/** How many calls a tenant gets from us in a minute; tokens are not counted. */
export interface CallsPerMinute {
  read: number;
  write: number;
}

/** The minute begins with its first call, per tenant and tier. */
export const WINDOW_SECONDS = 60;

/** What each tenant still gets from us, tier by tier; one count for all processes that share a store. */
export interface CallLimits {
  /** Takes one call. 0 lets it go; else it must wait that many milliseconds, because the minute's calls are spent or the tier is paused. */
  take(host: string, tier: RateTier): Promise<number>;
  /** Lets no call of the tier go for `ms`, or longer if it has to wait longer already. */
  pause(host: string, tier: RateTier, ms: number): Promise<void>;
}
