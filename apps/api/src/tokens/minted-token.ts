import type { Secret, Stopwatch } from '@app/platform';

/** A token as Qlik gave it. */
export interface MintedToken {
  token: Secret;
  scope: string;
  lifeMs: number;
  /** By the clock of this machine, as it is shown. */
  expiresAt: string;
  /** Since before it was asked for. */
  age: Stopwatch;
}

/** The rest of life that every token has which is given out again. */
const LEAST_REST_MS = 60_000;

/** How long it is still valid, in milliseconds. */
export const restOf = ({ lifeMs, age }: MintedToken): number => Math.max(0, lifeMs - age());

/** Whether it lives long enough to be given out again: for another minute, or a tenth of its life if that is shorter. */
export function isGivenAgain(token: MintedToken): boolean {
  const rest = restOf(token);
  return rest > 0 && rest >= Math.min(LEAST_REST_MS, token.lifeMs / 10);
}
