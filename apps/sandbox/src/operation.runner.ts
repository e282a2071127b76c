import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { administratorId, checkTenantIsOpen, takeFromTier, tooManyRequests } from './admission.js';
import { plainAnswer, refusal, resetConnection, send, sendByDrops, sendHalf, sendNothing } from './answer.writer.js';
import type { FaultRegistry, Strike } from './control/fault.registry.js';
import type { Answer, Call, Operation, OperationName, Surface } from './operation.js';
import { QlikError } from './qlik-error.js';
import { hostOf } from './tenants/tenant-host.js';
import type { TenantStore } from './tenants/tenant.store.js';
import type { TokenSigner } from './token/access-token.js';

/** What every operation is run with; `closing` is aborted when the sandbox ends. */
export interface Runtime {
  store: TenantStore;
  signer: TokenSigner;
  faults: FaultRegistry;
  closing: AbortSignal;
}

type DecidingFault = NonNullable<Strike['fault']>;

/** A route handler for one operation: counts the request, lets faults strike before or after the commit, and admits the caller in between. */
export function runOperation(runtime: Runtime, name: OperationName, surface: Surface, operation: Operation) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const tenant = runtime.store.tenant(hostOf(request.headers));
    tenant.requests[name] = (tenant.requests[name] ?? 0) + 1;
    const { delayMs, sameHint, fault } = runtime.faults.strike(tenant.host, name);
    if (delayMs > 0) {
      // A client that gives up meanwhile changes nothing: like a real server, this one goes on and commits.
      const woken = await sleep(delayMs, true, { signal: runtime.closing, ref: false }).catch(() => false);
      if (!woken) return sendNothing(reply);
    }
    const instead = fault === undefined ? undefined : answerBefore(fault);
    if (instead === 'reset') return resetConnection(reply);
    if (instead === 'nothing') return sendNothing(reply);
    if (instead !== undefined) return send(reply, instead);

    const answer = answerOf(() => {
      checkTenantIsOpen(tenant);
      const callerId =
        name === 'token' ? '' : administratorId(runtime.store, runtime.signer, tenant, request.headers.authorization);
      takeFromTier(tenant, name);
      return operation({
        ...{ tenant, surface, callerId, sameHint, headers: request.headers, body: request.body },
        params: request.params as Call['params'],
        query: request.query as Call['query'],
      });
    });
    return fault === undefined ? send(reply, answer) : sendStruck(reply, answer, fault);
  };
}

function answerOf(run: () => Answer): Answer {
  try {
    return run();
  } catch (error) {
    if (error instanceof QlikError) return refusal(error);
    throw error;
  }
}

/** What is sent in place of running the operation, or undefined for a fault that strikes behind the commit. */
function answerBefore(fault: DecidingFault): Answer | 'reset' | 'nothing' | undefined {
  switch (fault.kind) {
    case 'reset-before':
      return 'reset';
    case 'rate-limit':
      return refusal(tooManyRequests(retryAfterOf(fault.retryAfter === undefined ? 1 : fault.retryAfter)));
    case 'hang':
      return fault.after ? undefined : 'nothing';
    case 'status':
      return fault.after ? undefined : statusAnswer(fault);
    case 'reset-after':
    case 'truncate':
    case 'drip':
      return undefined;
  }
}

function sendStruck(reply: FastifyReply, answer: Answer, fault: DecidingFault): unknown {
  switch (fault.kind) {
    case 'reset-after':
      return resetConnection(reply);
    case 'truncate':
      return sendHalf(reply, answer);
    case 'drip':
      return sendByDrops(reply, answer, fault.delayMs);
    case 'hang':
      return sendNothing(reply);
    case 'status':
      return send(reply, statusAnswer(fault));
    case 'reset-before':
    case 'rate-limit':
      throw new Error(`The fault ${fault.kind} strikes before the commit.`);
  }
}

function statusAnswer(fault: Extract<DecidingFault, { kind: 'status' }>): Answer {
  const retryAfter = retryAfterOf(fault.retryAfter);
  const headers = { ...fault.headers, ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) };
  if (fault.status === 204 || fault.status === 304) return { status: fault.status, headers };
  return fault.body === undefined
    ? plainAnswer(fault.status, headers)
    : { status: fault.status, headers, body: fault.body };
}

function retryAfterOf(value: number | string | null | undefined): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}
