import { DomainError } from '@app/platform';
import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';

/** Issues that are told; a body can be wrong in thousands of places. */
const TOLD_ISSUES = 20;

/** Parses what a route takes by the schema that its parameter names. Throws REQUEST_INVALID, with a JSON pointer to each mistake. */
@Injectable()
export class SchemaPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const schema = (metadata as { schema?: unknown }).schema;
    return schema instanceof z.ZodType ? parseInput(schema, value, 'The body') : value;
  }
}

/** What the schema makes of `value`, which the message calls `whole`. Throws REQUEST_INVALID, with a JSON pointer to each mistake. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown, whole: string): z.output<Schema> {
  const result = schema.safeParse(value, { error: sayMissing });
  if (result.success) return result.data;
  const fields = result.error.issues.flatMap(tellIssue).slice(0, TOLD_ISSUES);
  throw new DomainError('invalid', 'REQUEST_INVALID', `${fields[0]?.pointer || whole}: ${fields[0]?.message}`, {
    fields,
  });
}

const sayMissing: z.core.$ZodErrorMap = (issue) =>
  issue.code === 'invalid_type' && issue.input === undefined ? 'is missing' : undefined;

function tellIssue(issue: z.core.$ZodIssue): { pointer: string; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerTo([...issue.path, key]),
      message: 'is not a field of this request',
    }));
  }
  return [{ pointer: pointerTo(issue.path), message: issue.message }];
}

/** RFC 6901; a member's name comes from the caller, so it is kept short. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
