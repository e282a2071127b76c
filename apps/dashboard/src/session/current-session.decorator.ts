import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { OperatorSession } from '@app/access';
import type { FastifyRequest } from 'fastify';

/** The session of the operator who makes the request; throws on a public route. */
export function sessionOf(context: ExecutionContext): OperatorSession {
  const { operatorSession } = context.switchToHttp().getRequest<FastifyRequest>();
  if (operatorSession === undefined) throw new Error('A public route has no session.');
  return operatorSession;
}

/** The session of the operator who makes the request. */
export const CurrentSession = createParamDecorator((_data: unknown, context: ExecutionContext): OperatorSession =>
  sessionOf(context),
);
