import type { OperatorSession } from '@app/access';
import { z } from 'zod';

/** What the page sends to sign in: the token that stood behind the `#` of the login link. */
export const SignInRequest = z.strictObject({ token: z.string().min(1).max(200) });
export type SignInRequest = z.output<typeof SignInRequest>;

/** A session as the page sees it: never the cookie's token. */
export interface ShownSession {
  operator: string;
  csrfToken: string;
  expiresAt: string;
}

/** The session as it is shown. */
export function showSession({ operator, csrfToken, expiresAt }: OperatorSession): ShownSession {
  return { operator, csrfToken, expiresAt: expiresAt.toISOString() };
}
