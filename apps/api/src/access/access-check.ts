import type { Socket } from 'node:net';
import { AccessRefusals, type Caller, Callers, requireScope, type Scope } from '@app/access';
import { DomainError } from '@app/platform';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { operationOf } from './operation-of.js';
import { RequestLimits } from './request-limits.js';

/** What a refused caller may have sent for nothing, in bytes. */
const SHORT_BODY_BYTES = 64 * 1024;

const BEARER = /^Bearer +([^ ]+) *$/i;

/** What came on a connection, and who holds it. */
interface Offer {
  authorization: string | undefined;
  authenticate: () => Caller | Promise<Caller>;
}

/** Lets a request through if its key or token holds the scope of its route, within the limits; refusals of known callers are audited. */
@Injectable()
export class AccessCheck {
  /** Most connections bring the same key with every request: it is taken apart once for each connection. Whether it is good is asked each time. */
  readonly #offers = new WeakMap<Socket, Offer>();

  constructor(
    private readonly callers: Callers,
    private readonly refusals: AccessRefusals,
    private readonly limits: RequestLimits,
  ) {}

  /** Checks each request before anything of its body is read. */
  guard(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      const { url, config } = request.routeOptions;
      if (config.access !== undefined && config.access !== 'public') {
        this.#admit(request, reply, config.access).then(() => done(), done);
      } else if (config.access === undefined && url?.startsWith('/v1/') === true) {
        done(new Error('A route was reached that names no scope.'));
      } else {
        done();
      }
    });
  }

  async #admit(request: FastifyRequest, reply: FastifyReply, scope: Scope): Promise<void> {
    let caller: Caller | undefined;
    try {
      this.limits.admitAddress(request);
      caller = await this.#readOffer(request).authenticate();
      request.caller = caller;
      this.limits.admitCaller(request, caller);
      requireScope(caller, scope);
    } catch (error) {
      // Node would read it to its end, for the sake of the next request on the connection.
      if (hasLongBody(request)) reply.header('connection', 'close');
      if (error instanceof DomainError) await this.#noteRefusal(error, request, caller);
      throw error;
    }
  }

  #readOffer({ headers: { authorization }, socket }: FastifyRequest): Offer {
    const known = this.#offers.get(socket);
    if (known !== undefined && known.authorization === authorization) return known;
    const offer = { authorization, authenticate: this.callers.read(readToken(authorization)) };
    this.#offers.set(socket, offer);
    return offer;
  }

  /** Of a limit, and of keys of the issuer that cannot be read, nothing is noted: nobody's right was refused. */
  async #noteRefusal(error: DomainError, request: FastifyRequest, caller: Caller | undefined): Promise<void> {
    if (error.kind !== 'unauthenticated' && error.kind !== 'forbidden') return;
    if (error.kind === 'unauthenticated') this.limits.countRefusal(request);
    await this.refusals.recordRefusal({ error, operation: operationOf(request), caller });
  }
}

function hasLongBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > SHORT_BODY_BYTES;
}

function readToken(authorization: string | undefined): string {
  if (authorization === undefined) {
    throw new DomainError(
      'unauthenticated',
      'API_KEY_MISSING',
      'Send your API key or access token as "Authorization: Bearer <key or token>".',
    );
  }
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) {
    throw new DomainError(
      'unauthenticated',
      'API_KEY_MALFORMED',
      'The Authorization header is not of the form "Bearer <key or token>"; send your API key or access token so.',
    );
  }
  return token;
}
