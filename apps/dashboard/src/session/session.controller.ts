import { OperatorLogins, type OperatorSession } from '@app/access';
import { Body, Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PagePolicy } from '../page/page-policy.js';
import { CurrentSession } from './current-session.decorator.js';
import { Public } from './public.decorator.js';
import { cameOverHttps, clearSessionCookie, readSessionCookie, setSessionCookie } from './session-cookie.js';
import { type ShownSession, showSession, SignInRequest } from './session.schema.js';

/** Signing in by a one-time link, and out. */
@Controller('session')
export class SessionController {
  constructor(
    private readonly logins: OperatorLogins,
    private readonly policy: PagePolicy,
  ) {}

  @Post()
  @Public()
  async signIn(
    @Body({ schema: SignInRequest }) { token }: SignInRequest,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ShownSession> {
    const { sessionToken, session } = await this.logins.signIn(token);
    setSessionCookie(reply, sessionToken.reveal(), session.expiresAt, this.#secure(request));
    return showSession(session);
  }

  @Get()
  read(@CurrentSession() session: OperatorSession): ShownSession {
    return showSession(session);
  }

  @Delete()
  @HttpCode(204)
  async signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const secure = this.#secure(request);
    const token = readSessionCookie(request, secure);
    if (token !== undefined) await this.logins.signOut(token);
    clearSessionCookie(reply, secure);
  }

  #secure(request: FastifyRequest): boolean {
    return this.policy.production || cameOverHttps(request);
  }
}
