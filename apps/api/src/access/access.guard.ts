import { AccessRefusals, ApiKeys, type Caller, requireScope, type Scope } from '@app/access';
import { DomainError } from '@app/platform';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ROUTE_ACCESS } from './requires-scope.decorator.js';

const BEARER = /^Bearer +([^ ]+) *$/i;

/** Lets a request through if its API key holds the scope of the route; refusals of known keys are audited. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly apiKeys: ApiKeys,
    private readonly refusals: AccessRefusals,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.get<Scope | 'public' | undefined>(ROUTE_ACCESS, context.getHandler());
    if (access === 'public') return true;
    if (access === undefined) throw new Error('A route was reached that names no scope.');
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const operation = `${request.method} ${request.routeOptions.url}`;
    let caller: Caller | undefined;
    try {
      caller = await this.apiKeys.authenticate(readToken(request.headers.authorization));
      request.caller = caller;
      requireScope(caller, access);
      return true;
    } catch (error) {
      if (error instanceof DomainError) await this.refusals.recordRefusal({ error, operation, caller });
      throw error;
    }
  }
}

function readToken(authorization: string | undefined): string {
  if (authorization === undefined) {
    throw new DomainError('unauthenticated', 'API_KEY_MISSING', 'Send your API key as "Authorization: Bearer <key>".');
  }
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) {
    throw new DomainError(
      'unauthenticated',
      'API_KEY_MALFORMED',
      'The Authorization header is not of the form "Bearer <key>"; send your API key so.',
    );
  }
  return token;
}
