import { randomBytes } from 'node:crypto';
import { routeNotFound } from '@app/http';
import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Public } from '../session/public.decorator.js';
import { PagePolicy } from './page-policy.js';
import { NONCE_PLACEHOLDER, WEB_BUILD, type WebBuild } from './web-build.js';

/** The views that the page has, each under an address of its own. */
const VIEWS = /^(login|runs(\/[\w-]+)?|customers(\/[\w-]+)?|pauses)?$/;

/** Serves the page: the same for everyone, for it holds no data. */
@Controller()
@Public()
export class PageController {
  constructor(
    @Inject(WEB_BUILD) private readonly web: WebBuild | undefined,
    private readonly policy: PagePolicy,
  ) {}

  @Get()
  overview(@Res() reply: FastifyReply): void {
    this.#send(reply, 200);
  }

  @Get('*')
  view(@Param('*') path: string, @Res() reply: FastifyReply): void {
    if (/^(api|assets|session)(\/|$)/.test(path)) throw routeNotFound(`GET /${path}`);
    this.#send(reply, VIEWS.test(path) ? 200 : 404);
  }

  #send(reply: FastifyReply, status: number): void {
    if (this.web === undefined) {
      void reply
        .status(503)
        .type('text/plain; charset=utf-8')
        .send('The page of the dashboard has not been built. Run "npm run build", then start the dashboard again.\n');
      return;
    }
    const nonce = randomBytes(18).toString('base64');
    void reply
      .status(status)
      .header('content-security-policy', this.policy.contentSecurityPolicy(nonce))
      .type('text/html; charset=utf-8')
      .send(this.web.html.replaceAll(NONCE_PLACEHOLDER, nonce));
  }
}
