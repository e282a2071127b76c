import { Secret, type Stopwatch } from '@app/platform';
import type { Token } from './token.schema.js';

/** A token as Qlik gave it. */
export interface MintedToken {
  token: Secret;
  scope: string;
  lifeMs: number;
  /** By the clock of this machine, as it is shown. */
  expiresAt: string;
  /** Since before it was asked for. */
  age: Stopwatch;
  /** How it was last told, and as so long valid. */
  told?: { json: Secret; expiresInSeconds: number };
}

/** The rest of life that every token has which is given out again. */
const LEAST_REST_MS = 60_000;

/** How long it is still valid, in milliseconds. */
export const restOf = ({ lifeMs, age }: MintedToken): number => Math.max(0, lifeMs - age());

/** The `Token` that a caller gets, as JSON: made once for all who ask within a second. */
export function tell(minted: MintedToken): string {
  const expiresInSeconds = Math.floor(restOf(minted) / 1000);
  if (minted.told?.expiresInSeconds === expiresInSeconds) return minted.told.json.reveal();
  const { token, expiresAt, scope } = minted;
  const answer: Token = { accessToken: token.reveal(), tokenType: 'Bearer', expiresInSeconds, expiresAt, scope };
  const json = JSON.stringify(answer);
  minted.told = { json: new Secret(json), expiresInSeconds };
  return json;
}

/** Whether it lives long enough to be given out again: for another minute, or a tenth of its life if that is shorter. */
export function isGivenAgain(token: MintedToken): boolean {
  const rest = restOf(token);
  return rest > 0 && rest >= Math.min(LEAST_REST_MS, token.lifeMs / 10);
}
