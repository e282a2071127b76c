import {
  BadRequestException,
  Body,
  ConflictException,
  Controller,
  Get,
  Header,
  Post,
  Res,
  ServiceUnavailableException,
  UseGuards,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Backend, messages, page, readForm } from '../core/backend.js';
import type { SignUp } from '../core/sign-ups.js';
import { SessionGuard, SignedIn } from './session.guard.js';

/** The page, and signing up by it. */
@Controller()
export class SignupController {
  constructor(private readonly backend: Backend) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  showPage(): string {
    return page;
  }

  @Post('signup')
  signUp(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): object {
    const { signUps, onboarding } = this.backend;
    const form = readForm(body);
    if (form === undefined) throw new BadRequestException({ error: 'Give an e-mail address and a company.' });
    if (signUps.find(({ email }) => email === form.email) !== undefined)
      throw new ConflictException({ error: 'You have signed up already: sign in.' });
    const signUp = signUps.add(form.email, form.company);
    if (signUp === undefined) {
      messages.toSupport('no tenant is left for new customers');
      throw new ServiceUnavailableException({ error: 'We cannot take you in right now. Please come back tomorrow.' });
    }
    // Stored, so nothing is lost: the user need not wait for the rest.
    void onboarding.advance(signUp);
    void reply.header('set-cookie', this.backend.cookieFor(signUp));
    return this.backend.describe(signUp);
  }

  @Get('signup')
  @UseGuards(SessionGuard)
  @Header('cache-control', 'no-store')
  async show(@SignedIn() signUp: SignUp): Promise<object> {
    await this.backend.onboarding.advanceIfQuiet(signUp);
    return this.backend.describe(signUp);
  }
}
