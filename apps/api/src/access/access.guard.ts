import { AccessRefusals, type Caller, Callers, requireScope, type Scope } from '@app/access';
import { DomainError } from '@app/platform';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { operationOf } from './operation-of.js';
import { RequestLimits } from './request-limits.js';
import { ROUTE_ACCESS } from './requires-scope.decorator.js';

const BEARER = /^Bearer +([^ ]+) *$/i;

/** Lets a request through if its key or token holds the scope of the route, within the limits; refusals of known callers are audited. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly callers: Callers,
    private readonly refusals: AccessRefusals,
    private readonly limits: RequestLimits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.get<Scope | 'public' | undefined>(ROUTE_ACCESS, context.getHandler());
    if (access === 'public') return true;
    if (access === undefined) throw new Error('A route was reached that names no scope.');
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    // Where bodies are long, it has been asked before the body was read.
    if (request.caller !== undefined) return true;
    let caller: Caller | undefined;
    try {
      this.limits.admitAddress(request);
      caller = await this.callers.authenticate(readToken(request.headers.authorization));
      request.caller = caller;
      this.limits.admitCaller(request, caller);
      requireScope(caller, access);
      return true;
    } catch (error) {
      if (error instanceof DomainError) await this.#noteRefusal(error, request, caller);
      throw error;
    }
  }

  /** Of a limit, and of keys of the issuer that cannot be read, nothing is noted: nobody's right was refused. */
  async #noteRefusal(error: DomainError, request: FastifyRequest, caller: Caller | undefined): Promise<void> {
    if (error.kind !== 'unauthenticated' && error.kind !== 'forbidden') return;
    if (error.kind === 'unauthenticated') this.limits.countRefusal(request);
    await this.refusals.recordRefusal({ error, operation: operationOf(request), caller });
  }
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
