import { OperatorLogins, type OperatorSession } from '@app/access';
import { DomainError } from '@app/platform';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { PagePolicy } from '../page/page-policy.js';
import { PUBLIC } from './public.decorator.js';
import { refuseForeignOrigin, requireCsrfToken } from './request-forgery.js';
import { cameOverHttps, readSessionCookie } from './session-cookie.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in; absent on public routes. */
    operatorSession?: OperatorSession;
  }
}

/** What an orchestrator asks: routes of the platform, which knows no session. */
const PROBES: readonly (string | undefined)[] = ['/livez', '/readyz'];

/** Lets signed-in operators in, and changes only from our own page. */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    private readonly logins: OperatorLogins,
    private readonly policy: PagePolicy,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const changes = request.method !== 'GET' && request.method !== 'HEAD';
    if (changes) refuseForeignOrigin(request);
    const isPublic = this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (isPublic === true || PROBES.includes(request.routeOptions.url)) return true;
    const session = await this.#getSession(request);
    if (changes) requireCsrfToken(request, session);
    request.operatorSession = session;
    return true;
  }

  async #getSession(request: FastifyRequest): Promise<OperatorSession> {
    const token = readSessionCookie(request, this.policy.production || cameOverHttps(request));
    const session = token === undefined ? undefined : await this.logins.findSession(token);
    if (session !== undefined) return session;
    throw new DomainError(
      'unauthenticated',
      token === undefined ? 'SESSION_MISSING' : 'SESSION_OVER',
      `${token === undefined ? 'Nobody is signed in.' : 'The session is over.'} Ask for a new link: npm run cli -- operators login-link --operator NAME`,
    );
  }
}
