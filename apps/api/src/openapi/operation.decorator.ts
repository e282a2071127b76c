import { applyDecorators } from '@nestjs/common';
import { ApiExtension, ApiOperation, ApiResponse, type ApiResponseOptions } from '@nestjs/swagger';
import { z } from 'zod';
import type { ProblemCode } from '../problems/problem-catalog.js';
import { contentOf } from './content-schema.js';

/** The member of an operation that lists its problems; the document keeps it, for clients that generate code from it. */
export const PROBLEM_CODES = 'x-problem-codes';

interface OperationOptions {
  /** Stable: generated clients name their methods by it. */
  id: string;
  summary: string;
  description?: string;
  status: number;
  schema?: z.ZodType;
  /** Of an answer that goes on item by item, and is no JSON document: what each is. Its components are those of other operations. */
  stream?: { mediaType: string; item: z.ZodType };
  answers: string;
  headers?: Record<string, string>;
  /** Other good answers with the same body. */
  same?: Record<number, string>;
  /** Other good answers with a body of their own. */
  others?: Record<number, { schema: z.ZodType; answers: string }>;
  /** Other good answers, which have no body. */
  empty?: Record<number, string>;
  /** What can go wrong beside missing rights and faults of ours, which every operation has. */
  problems: readonly ProblemCode[];
}

/** Documents a route. */
export const Operation = (options: OperationOptions): MethodDecorator => {
  const { id, summary, description, status, schema, stream, answers, problems } = options;
  const headers = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([name, text]) => [
      name,
      { description: text, schema: { type: 'string' } },
    ]),
  );
  // Nest reads `standardSchema` here, though its types do not say so.
  const success = (code: number, description: string, standardSchema = schema) =>
    (stream === undefined
      ? { status: code, description, headers, standardSchema }
      : { status: code, description, headers, content: streamContent(stream) }) as ApiResponseOptions;
  return applyDecorators(
    ApiOperation({ operationId: id, summary, ...(description === undefined ? {} : { description }) }),
    ApiResponse(success(status, answers)),
    ...Object.entries(options.same ?? {}).map(([code, text]) => ApiResponse(success(Number(code), text))),
    ...Object.entries(options.others ?? {}).map(([code, other]) =>
      ApiResponse({ ...success(Number(code), other.answers, other.schema), headers: {} }),
    ),
    ...Object.entries(options.empty ?? {}).map(([code, text]) =>
      ApiResponse({ status: Number(code), description: text }),
    ),
    ApiExtension(PROBLEM_CODES, problems),
  );
};

const streamContent = ({ mediaType, item }: { mediaType: string; item: z.ZodType }) => ({
  [mediaType]: { schema: { type: 'string', ...contentOf(mediaType, z.array(item)) } },
});
