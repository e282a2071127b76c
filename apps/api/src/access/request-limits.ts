import { hash } from 'node:crypto';
import type { Caller } from '@app/access';
import { DomainError } from '@app/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { CountedWindow, type Standing, WINDOW_SECONDS } from './counted-window.js';
import { networkOf } from './network-of.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The limit that this request counts against. */
    standing?: Standing;
  }
}

/** How much may be asked of this process in a minute; 0 is no limit. */
export interface RequestLimitOptions {
  /** By one caller. */
  requestsPerMinute: number;
  /** In vain by one network address, without a usable key or token. */
  refusalsPerMinute: number;
}

/** Keys and tokens that let somebody in and are remembered for it, and for how long. */
const TRUSTED = { max: 1_000, ttl: 3_600_000 };

/** Limits of this process: each caller's requests, and each address's refused authentications. Another process counts by itself. */
export class RequestLimits {
  readonly #callers: CountedWindow | undefined;
  readonly #refusals: CountedWindow | undefined;
  readonly #trusted = new LRUCache<string, true>(TRUSTED);
  /** Who is among the trusted: of a caller that is remembered for some seconds, the key is not hashed again for each request. */
  readonly #noted = new WeakSet<Caller>();

  constructor({ requestsPerMinute, refusalsPerMinute }: RequestLimitOptions) {
    this.#callers = requestsPerMinute === 0 ? undefined : new CountedWindow('default', requestsPerMinute);
    this.#refusals = refusalsPerMinute === 0 ? undefined : new CountedWindow('refused', refusalsPerMinute);
  }

  /**
   * Throws RATE_LIMITED, before anything is looked up, for an address that was refused too often. Who was let in with the same key or
   * token within the last hour passes all the same: callers can share an address with somebody who guesses.
   */
  admitAddress(request: FastifyRequest): void {
    const standing = this.#refusals?.look(networkOf(request.ip));
    if (standing === undefined || standing.remaining > 0 || this.#trusted.has(markOf(request))) return;
    request.standing = standing;
    throw limited('Too many requests from this address had no usable key or token', standing);
  }

  /** Counts a request whose authentication was refused. */
  countRefusal(request: FastifyRequest): void {
    const standing = this.#refusals?.take(networkOf(request.ip));
    if (standing !== undefined) request.standing = standing;
  }

  /** Counts a request of a known caller. Throws RATE_LIMITED. */
  admitCaller(request: FastifyRequest, caller: Caller): void {
    if (this.#refusals !== undefined && !this.#noted.has(caller)) {
      this.#trusted.set(markOf(request), true);
      this.#noted.add(caller);
    }
    const standing = this.#callers?.take(caller.id);
    if (standing === undefined) return;
    request.standing = standing;
    if (standing.remaining < 0) throw limited(`You sent more than ${standing.limit} requests in a minute`, standing);
  }

  /** Tells every reply of /v1 the limit that it counts against: that of the caller, or as long as none is known that of the address. */
  announce(fastify: FastifyInstance): void {
    fastify.addHook('onSend', (request, reply, _payload, done) => {
      if (request.url.startsWith('/v1/')) {
        const standing = request.standing ?? this.#refusals?.look(networkOf(request.ip));
        if (standing !== undefined) reply.headers(headersOf(standing));
      }
      done();
    });
  }
}

/** The structured fields of draft-ietf-httpapi-ratelimit-headers-10. */
function headersOf({ policy, limit, remaining, resetSeconds }: Standing): Record<string, string> {
  return {
    'ratelimit-policy': `"${policy}";q=${limit};w=${WINDOW_SECONDS}`,
    ratelimit: `"${policy}";r=${Math.max(0, remaining)};t=${resetSeconds}`,
  };
}

/** Stands for what a request authenticates with, which is not kept itself. */
function markOf({ headers: { authorization = '' } }: FastifyRequest): string {
  return hash('sha256', authorization, 'base64');
}

function limited(what: string, { resetSeconds }: Standing): DomainError {
  return new DomainError('unavailable', 'RATE_LIMITED', `${what}: wait ${resetSeconds} seconds, then go on.`, {
    retryAfterSeconds: resetSeconds,
  });
}
