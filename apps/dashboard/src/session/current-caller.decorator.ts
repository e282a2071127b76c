import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Caller } from '@app/customers';
import { sessionOf } from './current-session.decorator.js';

/** The operator who makes the request, as the audit trail names them. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const actor = `operator:${sessionOf(context).operator}`;
  return { id: actor, actor };
});
