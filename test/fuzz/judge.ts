import { Ajv2020, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { problemCatalog } from '../../apps/api/src/problems/problem-catalog.js';
import type { ApiDocument, Operation } from './api-document.js';
import { isJson, readContent } from './content.js';
import type { FuzzRequest } from './fuzz-request.js';
import type { Reply } from './send.js';
import type { SentRequest } from './sent-request.js';

/** What a reply has whatever it says. */
const SECURITY_HEADERS = [
  'x-content-type-options',
  'content-security-policy',
  'strict-transport-security',
  'x-request-id',
];

/** Of addresses that no router can read, which no hook sees. */
const ADDRESS_PROBLEMS = ['ROUTE_NOT_FOUND', 'REQUEST_MALFORMED'];

/** Qlik's own limits, which a walk through tokens can meet; every other problem of a server is a failure here. */
const CAUSED = ['QLIK_RATE_LIMITED', 'TENANT_BUSY'];

/** What tells of our code: a stack, a file, a statement. */
const INSIDES = /\n\s+at |node_modules|\.(?:js|ts):\d+|[Pp]risma|\bSELECT\b.*\bFROM\b|invocation/;

/** Compares replies with what the document promises. */
export class Judge {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: ApiDocument) {
    addFormats.default(this.#ajv);
    this.#compareContents();
    this.#ajv.addSchema(document.source, 'document', undefined, false);
  }

  /** Ajv itself takes what a string holds for a note. */
  #compareContents(): void {
    const compile = (schema: object, { contentMediaType }: AnySchemaObject) => {
      const validate = this.#compile(schema);
      const mistake = { message: `is no ${contentMediaType}` };
      function compare(text: string): boolean {
        const content = parse(text, contentMediaType as string);
        const isValid = content !== undefined && validate(content);
        compare.errors = content === undefined ? [mistake] : (validate.errors ?? []);
        return isValid;
      }
      compare.errors = [] as Partial<ErrorObject>[];
      return compare;
    };
    this.#ajv.removeKeyword('contentSchema');
    this.#ajv.addKeyword({ keyword: 'contentSchema', type: 'string', schemaType: 'object', compile });
  }

  #isValidBody({ bodySchema }: Operation, json: unknown): boolean {
    return bodySchema === undefined || this.#validate(bodySchema, json) === undefined;
  }

  /** What is wrong with the reply, each in a few words that are the same for the same mistake. */
  *judge(request: FuzzRequest, sent: SentRequest, reply: Reply): Iterable<string> {
    const { operation } = request;
    const type = (reply.headers['content-type'] ?? '').split(';')[0]!.trim();
    const json = isJson(type) ? parse(reply.text) : undefined;
    const code = (json as { code?: unknown } | undefined)?.code;
    const isOfAddress = request.rawPart !== undefined || Object.keys(request.path).length > 0;
    const noRoute = reply.status < 500 && isOfAddress && ADDRESS_PROBLEMS.includes(String(code));
    if (reply.status >= 500 && !CAUSED.includes(String(code))) yield `answered ${reply.status} ${String(code)}`;
    if (!noRoute) yield* this.#judgeForm(operation, reply, type, json);
    if (reply.status >= 400) yield* judgeProblem(operation, reply, type, json, noRoute);
    if (reply.status < 300) yield* this.#judgeAccepted(request, sent, json);
    for (const name of noRoute ? ['x-content-type-options', 'x-request-id'] : SECURITY_HEADERS)
      if (reply.headers[name] === undefined) yield `has no ${name}`;
    if (INSIDES.test(reply.text) && !INSIDES.test(String(sent.body))) yield 'tells of our code';
  }

  *#judgeForm(operation: Operation, reply: Reply, type: string, json: unknown): Iterable<string> {
    const declared = operation.replies[reply.status];
    if (declared === undefined) return yield `answered ${reply.status}, which is not declared`;
    const content = declared.content ?? {};
    if (Object.keys(content).length === 0) {
      if (reply.text !== '') yield `has a body with ${reply.status}`;
      return;
    }
    const schema = content[type]?.schema;
    if (content[type] === undefined) yield `answered ${reply.status} as "${type}", which is not declared`;
    if (schema === undefined) return;
    const mistake = this.#validate(schema, isJson(type) ? json : reply.text);
    if (mistake !== undefined) yield `breaks its schema: ${mistake}`;
  }

  *#judgeAccepted(
    { caller, operation }: FuzzRequest,
    { body, json, headers }: SentRequest,
    told: unknown,
  ): Iterable<string> {
    if (operation.scope !== undefined && caller !== 'full') yield `accepted a caller who is "${caller}"`;
    if (operation.bodySchema === undefined || isAllRefused(told)) return;
    if (body === undefined || headers['content-type'] === undefined) yield 'accepted a request without a body';
    else if (json !== undefined && !this.#isValidBody(operation, withoutRefused(json, told)))
      yield 'accepted a body that its schema forbids';
    else if (json === undefined && parse(body.toString().replace(/^\ufeff/, '')) === undefined)
      yield 'accepted a body that is not JSON';
  }

  /** The first place that is wrong; undefined if none is. */
  #validate(schema: object, value: unknown): string | undefined {
    const key = JSON.stringify(schema);
    const validator = this.#validators.get(key) ?? this.#compile(schema);
    this.#validators.set(key, validator);
    if (validator(value)) return undefined;
    const [error] = validator.errors ?? [];
    return `${error?.instancePath.replaceAll(/\d+/g, 'n')} ${error?.message}`;
  }

  #compile(schema: object): ValidateFunction {
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/');
    return this.#ajv.compile(JSON.parse(text) as object);
  }
}

function* judgeProblem(
  operation: Operation,
  reply: Reply,
  type: string,
  json: any,
  noRoute: boolean,
): Iterable<string> {
  if (type !== 'application/problem+json') return yield `answered ${reply.status} as "${type}"`;
  const { code, status, title, requestId, type: link } = (json ?? {}) as Record<string, unknown>;
  const known = (problemCatalog as Record<string, { status: number; title: string }>)[String(code)];
  if (known === undefined) return yield `has the code ${String(code)}, which is not in the catalog`;
  if (!noRoute && !operation.problemCodes.includes(String(code)))
    yield `has the code ${String(code)}, which is not declared`;
  if (status !== reply.status || known.status !== status || known.title !== title)
    yield `is not ${String(code)} as the catalog has it`;
  if (link !== `/problems/${String(code).toLowerCase().replaceAll('_', '-')}`) yield `has the type ${String(link)}`;
  if (requestId !== reply.headers['x-request-id']) yield 'has another request id than its header';
  if (reply.headers['cache-control'] !== 'no-store') yield 'may be stored, though it is a problem';
}

/** Whether the answer has a result for each item, and a problem in each. */
function isAllRefused(told: any): boolean {
  return Array.isArray(told?.results) && told.results.every(({ problem }: any) => problem !== undefined);
}

/** The body without the items that were refused by themselves, where the answer has a result for each. */
function withoutRefused(json: any, told: any): unknown {
  if (!Array.isArray(told?.results)) return json;
  const member = Object.keys(json as object).find((name) => json[name]?.length === told.results.length);
  if (member === undefined) return json;
  const kept = json[member].filter((_: unknown, index: number) => told.results[index].problem === undefined);
  return { ...json, [member]: kept };
}

function parse(text: string, mediaType = 'application/json'): unknown {
  try {
    return readContent(mediaType, text);
  } catch {
    // The schema, or whoever asks, says what that means.
    return undefined;
  }
}
