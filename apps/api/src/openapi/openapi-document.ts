import { scopes } from '@app/access';
import { Problem } from '@app/http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { API_KEY_SCHEME } from '../access/requires-scope.decorator.js';
import { type ProblemCode, problemCatalog } from '../problems/problem-catalog.js';
import { PROBLEM_CODES } from './operation.decorator.js';
import { convertZod } from './zod-converter.js';

const ACCESS_PROBLEMS: ProblemCode[] = [
  'API_KEY_MISSING',
  'API_KEY_MALFORMED',
  'API_KEY_UNKNOWN',
  'API_KEY_EXPIRED',
  'API_KEY_REVOKED',
  'SCOPE_MISSING',
];
const OUR_PROBLEMS: ProblemCode[] = ['INTERNAL_ERROR', 'DATABASE_UNAVAILABLE'];

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
    .addSecurity(API_KEY_SCHEME, { type: 'http', scheme: 'bearer', description: 'An API key.' });
  if (publicUrl !== undefined) builder.addServer(publicUrl);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    standardSchemaConverter: convertZod,
    autoTagControllers: false,
  });
  const schemas = (document.components ??= {}).schemas as Record<string, unknown>;
  Object.assign(schemas, convertZod(Problem, { schemaType: 'output' })!.components);
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path as Record<string, unknown>).filter(isOperation)) addProblems(operation);
  }
  return document;
}

interface DocumentedOperation {
  operationId: string;
  security?: unknown[];
  responses: Record<string, unknown>;
  [PROBLEM_CODES]?: ProblemCode[];
}

function isOperation(value: unknown): value is DocumentedOperation {
  return typeof value === 'object' && value !== null && 'responses' in value;
}

function addProblems(operation: DocumentedOperation): void {
  const codes = [
    ...(operation[PROBLEM_CODES] ?? []),
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

function describeApi(): string {
  const list = Object.entries(scopes).map(([scope, meaning]) => `- \`${scope}\`: ${meaning}`);
  return `Onboards customers' Qlik Cloud tenants. Every operation names the scope it requires (\`x-required-scope\`):\n\n${list.join('\n')}`;
}
