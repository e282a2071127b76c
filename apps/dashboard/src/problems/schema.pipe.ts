import { DomainError } from '@app/platform';
import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';

/** Issues that are told. */
const TOLD_ISSUES = 20;

/** Parses what a route takes by the schema that its parameter names. Throws REQUEST_INVALID. */
@Injectable()
export class SchemaPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const schema = (metadata as { schema?: unknown }).schema;
    if (!(schema instanceof z.ZodType)) return value;
    const result = schema.safeParse(value, { error: sayMissing });
    if (result.success) return result.data;
    const fields = result.error.issues.slice(0, TOLD_ISSUES).map(({ path, message }) => ({
      pointer: path.map((part) => `/${String(part).slice(0, 100)}`).join(''),
      message,
    }));
    const [first] = fields;
    throw new DomainError('invalid', 'REQUEST_INVALID', `${first?.pointer || 'The body'}: ${first?.message}`, {
      fields,
    });
  }
}

const sayMissing: z.core.$ZodErrorMap = (issue) =>
  issue.code === 'invalid_type' && issue.input === undefined ? 'is missing' : undefined;
