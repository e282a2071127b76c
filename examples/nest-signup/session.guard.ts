import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Backend } from '../core/backend.js';
import type { SignUp } from '../core/sign-ups.js';

type SignedInRequest = FastifyRequest & { signUp: SignUp };

/** Lets in who has a session, and remembers whose it is. */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(private readonly backend: Backend) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<SignedInRequest>();
    const signUp = this.backend.signedIn(request.headers.cookie);
    if (signUp === undefined) throw new UnauthorizedException();
    request.signUp = signUp;
    return true;
  }
}

/** The sign-up of the session: the only way by which a route learns whose tenant is meant. */
export const SignedIn = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<SignedInRequest>().signUp,
);
