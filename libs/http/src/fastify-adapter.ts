import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { DomainError } from '@app/platform';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problems/problem-answer.js';
import { edgeProblems } from './problems/problem-catalog.js';

const REQUEST_ID = /^[\w-]{8,64}$/;

/** What differs between our processes. */
export interface FastifyOptions {
  /** The longest body that is read, in bytes. */
  bodyLimitBytes: number;
  /** Addresses and networks of proxies whose word for whom they speak is taken (`X-Forwarded-For`); none by default. */
  trustedProxies?: string[] | undefined;
  /** The longest that a request may be worked on, in milliseconds, where that is more than 40 s. */
  longestWorkMs?: number;
}

/** Fastify as our processes use it: its limits, the request id, and bodies of JSON alone. */
export function makeFastifyAdapter({
  bodyLimitBytes,
  trustedProxies = [],
  longestWorkMs = 0,
}: FastifyOptions): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: bodyLimitBytes,
    trustProxy: trustedProxies.length === 0 ? false : trustedProxies,
    requestIdHeader: false,
    genReqId: chooseRequestId,
    /** A whole request must have arrived by then, however slowly it is sent. */
    requestTimeout: 30_000,
    /** A connection on which nothing moves: on one whose request is worked on, nothing does. */
    connectionTimeout: Math.max(60_000, longestWorkMs + 20_000),
    /** Longer than the 60 s of the usual load balancer, which so is the one to end it. */
    keepAliveTimeout: 72_000,
    return503OnClosing: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: refuseAddress,
  });
  adapter.getInstance().removeContentTypeParser('text/plain');
  return adapter;
}

/** The caller's `x-request-id` if it is 8 to 64 letters, digits, `-` or `_`; else a new one. */
function chooseRequestId(request: { headers: IncomingMessage['headers'] }): string {
  const offered = request.headers['x-request-id'];
  return typeof offered === 'string' && REQUEST_ID.test(offered) ? offered : randomUUID();
}

/** Answers an address that the router cannot read: no hook has seen the request by then. */
function refuseAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
  const refusal =
    error.code === 'FST_ERR_MAX_PARAM_LENGTH'
      ? new DomainError('not-found', 'ROUTE_NOT_FOUND', 'A part of the address is longer than any id of ours.')
      : new DomainError(
          'invalid',
          'REQUEST_MALFORMED',
          'The address of the request cannot be read: check its percent-encoding.',
        );
  sendProblem(refusal, request, reply, edgeProblems);
}
