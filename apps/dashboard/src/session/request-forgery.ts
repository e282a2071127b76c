import { createHash, timingSafeEqual } from 'node:crypto';
import type { OperatorSession } from '@app/access';
import { DomainError } from '@app/platform';
import type { FastifyRequest } from 'fastify';

/** Throws ORIGIN_REFUSED for a request that a page of another site made. */
export function refuseForeignOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw new DomainError(
    'forbidden',
    'ORIGIN_REFUSED',
    `A page of "${origin.slice(0, 200)}" may not change anything here. A proxy in front must pass on the Host header.`,
  );
}

/** Throws CSRF_TOKEN_REFUSED unless the request carries the session's token in `x-csrf-token`, which only our page knows. */
export function requireCsrfToken(request: FastifyRequest, session: OperatorSession): void {
  const token = request.headers['x-csrf-token'];
  if (typeof token === 'string' && timingSafeEqual(sha256(token), sha256(session.csrfToken))) return;
  throw new DomainError(
    'forbidden',
    'CSRF_TOKEN_REFUSED',
    'The header x-csrf-token is missing or is not that of this session. Reload the page and try again.',
  );
}

// Of equal length, as the comparison needs them.
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
