import type { z } from 'zod';
import { convertZod } from './zod-converter.js';

/**
 * What a string holds, in the words of JSON Schema 2020-12: `schema` is of the value that the string is once it is read as its media type. A
 * stream is the array of its items, as OpenAPI 3.2 reads it too; 3.1 has no word of its own for them.
 */
export const contentOf = (
  mediaType: string,
  schema: z.ZodType,
): { contentMediaType: string; contentSchema: object } => ({
  contentMediaType: mediaType,
  contentSchema: convertZod(schema, { schemaType: 'output' })!.schema,
});
