import { scopes } from '@app/access';
import { Problem } from '@app/http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ACCESS_TOKEN_SCHEME, API_KEY_SCHEME } from '../access/requires-scope.decorator.js';
import { type ProblemCode, problemCatalog } from '../problems/problem-catalog.js';
import { PROBLEM_CODES } from './operation.decorator.js';
import { convertZod } from './zod-converter.js';

const ACCESS_PROBLEMS: ProblemCode[] = [
  'API_KEY_MISSING',
  'API_KEY_MALFORMED',
  'API_KEY_UNKNOWN',
  'API_KEY_EXPIRED',
  'API_KEY_REVOKED',
  'JWT_NOT_CONFIGURED',
  'JWT_INVALID',
  'JWT_EXPIRED',
  'SCOPE_MISSING',
  'RATE_LIMITED',
  'JWT_KEYS_UNAVAILABLE',
];
/** Of a request that may have a body, also where none is asked for. */
const BODY_PROBLEMS: ProblemCode[] = ['BODY_NOT_JSON', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'];
const OUR_PROBLEMS: ProblemCode[] = ['INTERNAL_ERROR', 'DATABASE_UNAVAILABLE'];

/** On every reply of an operation that asks for a scope (draft-ietf-httpapi-ratelimit-headers). */
const limitHeaders = {
  'RateLimit-Policy': {
    description:
      'The limit that the request counts against: its name, `q` requests within `w` seconds. Absent if there is none.',
    schema: { type: 'string' as const, examples: ['"default";q=1200;w=60'] },
  },
  RateLimit: {
    description: 'What is left of it: `r` requests until `t` seconds from now.',
    schema: { type: 'string' as const, examples: ['"default";r=1199;t=60'] },
  },
  'Retry-After': {
    description: 'Seconds after which the same request can be sent again.',
    schema: { type: 'string' as const },
  },
};

/** Serves the OpenAPI 3.1 document at /openapi.json and a page that shows it at /docs. */
export function serveOpenApi(app: NestFastifyApplication, publicUrl: string | undefined): void {
  SwaggerModule.setup('docs', app, makeDocument(app, publicUrl), { jsonDocumentUrl: '/openapi.json', raw: ['json'] });
}

/** The document of the app's controllers; `publicUrl` is named as its server. */
export function makeDocument(app: NestFastifyApplication, publicUrl: string | undefined): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Tenant provisioner')
    .setDescription(describeApi())
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addSecurity(ACCESS_TOKEN_SCHEME, {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'An OAuth2 access token (RFC 9068) of the issuer that the installation trusts: the recommended way.',
    })
    .addSecurity(API_KEY_SCHEME, { type: 'http', scheme: 'bearer', description: 'An API key.' });
  if (publicUrl !== undefined) builder.addServer(publicUrl);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    standardSchemaConverter: convertZod,
    autoTagControllers: false,
  });
  const components = (document.components ??= {});
  Object.assign((components.headers ??= {}), limitHeaders);
  const schemas = components.schemas as Record<string, unknown>;
  Object.assign(schemas, convertZod(Problem, { schemaType: 'output' })!.components);
  for (const path of Object.values(document.paths)) {
    for (const [method, operation] of Object.entries(path as Record<string, unknown>)) {
      if (!isOperation(operation)) continue;
      addProblems(operation, method === 'get' ? [] : BODY_PROBLEMS);
      if (operation.security !== undefined) addLimits(operation);
    }
  }
  return document;
}

interface DocumentedOperation {
  operationId: string;
  security?: unknown[];
  responses: Record<string, { headers?: Record<string, unknown>; [member: string]: unknown }>;
  [PROBLEM_CODES]?: ProblemCode[];
}

function isOperation(value: unknown): value is DocumentedOperation {
  return typeof value === 'object' && value !== null && 'responses' in value;
}

function addProblems(operation: DocumentedOperation, bodyProblems: readonly ProblemCode[]): void {
  const codes = [
    // Operations that ask for a body name them themselves.
    ...new Set([...(operation[PROBLEM_CODES] ?? []), ...bodyProblems]),
    ...(operation.security === undefined ? [] : ACCESS_PROBLEMS),
    ...OUR_PROBLEMS,
  ];
  operation[PROBLEM_CODES] = codes;
  for (const status of new Set(codes.map((code) => problemCatalog[code].status))) {
    const ofStatus = codes.filter((code) => problemCatalog[code].status === status);
    operation.responses[status] = {
      description: ofStatus.map((code) => `\`${code}\`: ${problemCatalog[code].title}.`).join('\n\n'),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
}

function addLimits(operation: DocumentedOperation): void {
  for (const [status, response] of Object.entries(operation.responses)) {
    response.headers = { ...response.headers, ...refer('RateLimit-Policy'), ...refer('RateLimit') };
    if (['429', '503'].includes(status)) Object.assign(response.headers, refer('Retry-After'));
  }
}

const refer = (name: keyof typeof limitHeaders) => ({ [name]: { $ref: `#/components/headers/${name}` } });

function describeApi(): string {
  const list = Object.entries(scopes).map(([scope, meaning]) => `- \`${scope}\`: ${meaning}`);
  return `Onboards customers' Qlik Cloud tenants. Every operation names the scope it requires (\`x-required-scope\`):\n\n${list.join('\n')}`;
}
