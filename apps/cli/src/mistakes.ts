import { InvalidArgumentError } from 'commander';
import { z } from 'zod';

/** What a schema makes of a value, or each mistake in it as a sentence that begins with the member's name. */
export type Judged<T> = { value: T } | { mistakes: string[] };

/** Judges `value` by the schema; no mistake repeats what was given. */
export function judge<Schema extends z.ZodType>(schema: Schema, value: unknown): Judged<z.output<Schema>> {
  const result = schema.safeParse(value, { error: sayMissing, reportInput: false });
  return result.success ? { value: result.data } : { mistakes: result.error.issues.flatMap(tell) };
}

/** The same for what was given as options. Throws InvalidArgumentError with every mistake. */
export function accept<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const judged = judge(schema, value);
  if ('value' in judged) return judged.value;
  throw new InvalidArgumentError(`${judged.mistakes.join('; ')}.`);
}

const sayMissing: z.core.$ZodErrorMap = (issue) =>
  issue.code === 'invalid_type' && issue.input === undefined ? 'is missing' : undefined;

function tell(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.join('.');
  const names = issue.code === 'unrecognized_keys' ? issue.keys : [];
  if (names.length > 0) return names.map((name) => `${path}: has no member "${name.slice(0, 100)}"`);
  return [path === '' ? issue.message : `${path}: ${issue.message}`];
}
