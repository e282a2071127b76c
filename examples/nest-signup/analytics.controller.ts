import {
  ConflictException,
  Controller,
  Header,
  HttpCode,
  Post,
  ServiceUnavailableException,
  UseGuards,
} from '@nestjs/common';
import { Backend, type PageToken } from '../core/backend.js';
import type { SignUp } from '../core/sign-ups.js';
import { SessionGuard, SignedIn } from './session.guard.js';

/** Tokens for the page. No body is read here: whose token it is, the session alone says. */
@Controller('analytics')
@UseGuards(SessionGuard)
export class AnalyticsController {
  constructor(private readonly backend: Backend) {}

  @Post('token')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async giveToken(@SignedIn() signUp: SignUp): Promise<PageToken> {
    if (signUp.state !== 'ready') throw new ConflictException(this.backend.describe(signUp));
    const token = await this.backend.tokenFor(signUp);
    if (token === undefined) throw new ServiceUnavailableException();
    return token;
  }
}
