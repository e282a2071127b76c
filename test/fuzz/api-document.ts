import { request } from 'undici';

/** A part of JSON Schema 2020-12. */
export type Schema = Record<string, unknown>;

/** A parameter as the document has it. */
export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

/** What the document says of a reply. */
export interface DeclaredReply {
  content?: Record<string, { schema?: Schema }>;
}

/** One operation of the API. */
export interface Operation {
  id: string;
  method: string;
  /** With its parameters in braces. */
  path: string;
  parameters: readonly Parameter[];
  /** Undefined where nothing is sent. */
  bodySchema: Schema | undefined;
  replies: Readonly<Record<string, DeclaredReply>>;
  problemCodes: readonly string[];
  /** Undefined where anybody may call. */
  scope: string | undefined;
}

/** The OpenAPI document that a running API serves. */
export interface ApiDocument {
  /** As it was served. */
  source: object;
  schemas: Readonly<Record<string, Schema>>;
  operations: readonly Operation[];
}

interface Source {
  paths: Record<string, Record<string, SourceOperation>>;
  components: { schemas: Record<string, Schema> };
}
interface SourceOperation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, DeclaredReply>;
  'x-problem-codes'?: string[];
  'x-required-scope'?: string;
}

/** Reads /openapi.json of the API at `apiUrl`. */
export async function readApiDocument(apiUrl: string): Promise<ApiDocument> {
  const answer = await request(new URL('/openapi.json', apiUrl));
  const source = (await answer.body.json()) as Source;
  const operations = Object.entries(source.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      parameters: operation.parameters ?? [],
      bodySchema: operation.requestBody?.content['application/json']?.schema,
      replies: operation.responses,
      problemCodes: operation['x-problem-codes'] ?? [],
      scope: operation['x-required-scope'],
    })),
  );
  return { source, schemas: source.components.schemas, operations };
}
