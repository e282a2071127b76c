import type { z } from 'zod';
import type { Call } from './operation.js';
import { badRequest, QlikError } from './qlik-error.js';

/** The body as the schema promises it; 415 if it was not sent as JSON, 400 naming the first field that is wrong. */
export function jsonBody<T extends z.ZodType>(call: Call, schema: T): z.output<T> {
  const contentType = call.headers['content-type'] ?? '';
  if (!/^application\/json\b/i.test(contentType)) {
    throw new QlikError(415, 'HTTP-415', 'Unsupported media type', 'Send the body as application/json');
  }
  return parsed(call.body, schema, 'body');
}

/** The value as the schema promises it; 400 naming the first field that is wrong, never its content. */
export function parsed<T extends z.ZodType>(value: unknown, schema: T, name: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw badRequest(describeIssue(result.error, name));
}

/** The first thing wrong, as `field: what`; `name` stands for the whole value. */
export function describeIssue(error: z.ZodError, name: string): string {
  const issue = error.issues[0];
  if (issue === undefined) return `${name}: is not valid`;
  const path = issue.path.length === 0 ? name : issue.path.join('.');
  return `${path}: ${issue.message}`;
}
