import fc from 'fast-check';
import type { Operation, Parameter } from './api-document.js';
import { broken, nastyTexts } from './broken-values.js';
import { Known, nameInPath } from './known-values.js';
import { nth, type ValidValues } from './valid-values.js';

/** Whose word a request gives for itself. */
export const callers = [
  'full',
  'none',
  'garbled',
  'unknown',
  'expired',
  'revoked',
  'other-scopes',
  'basic',
  'jwt',
] as const;
export type CallerKind = (typeof callers)[number];

/** What makes of a JSON text one that no careful client sends. */
export type TextFlaw =
  'cut' | 'more' | 'twice' | 'bom' | 'not-utf8' | 'huge-number' | 'padded' | 'empty' | 'nan' | 'form';

/** A body to be sent. */
export interface FuzzBody {
  value: unknown;
  flaw: TextFlaw | undefined;
  contentType: string | undefined;
}

/** A request that can be sent to any API of the same document; ids in it are filled in when it is sent. */
export interface FuzzRequest {
  operation: Operation;
  caller: CallerKind;
  /** Values by the name of the parameter, to be percent-encoded. */
  path: Readonly<Record<string, unknown>>;
  /** Put into the path as it is, in place of its last parameter; undefined in most. */
  rawPart: string | undefined;
  query: readonly (readonly [name: string, value: unknown])[];
  /** Put after the query as it is. */
  rawQuery: string | undefined;
  headers: Readonly<Record<string, unknown>>;
  body: FuzzBody | undefined;
}

/** In place of the tag of a header: what a caller has who read the thing just before. */
export const AS_READ = 'as read just before';

const JSON_TYPE = 'application/json';
const otherTypes = [
  undefined,
  'text/plain',
  'text/html',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/json;;',
  'application/problem+json',
  'APPLICATION/JSON',
  'application/json, text/plain',
  '',
  'x'.repeat(2_000),
];

/** Visible ASCII and Latin-1, which is what a header can hold. */
const headerText = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    '"',
    '""',
    'W/"1"',
    '"1", "2"',
    '"-1"',
    '"9999999999"',
    'x'.repeat(256),
    'x'.repeat(4_000),
    '\u00ff',
  ),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 40 }),
);

const rawParts = [
  '%00',
  '%zz',
  '%',
  '%2e%2e',
  '..',
  '.',
  '%2F',
  'a%2Fb',
  '%ff%fe',
  '',
  '//',
  ';a=b',
  '%F0%9F%92%A9',
  'x'.repeat(201),
  'x'.repeat(3_000),
];
const rawQueries = [
  '&',
  '%',
  '%zz=1',
  '=&=',
  'limit[]=1',
  'limit[$gt]=1',
  '__proto__[a]=1',
  '__proto__=1',
  'a=%00',
  'limit=1&limit=2',
  'x'.repeat(5_000),
];

/** Requests of the operations: about half are what the document asks for, the others have one thing wrong with them, seldom two. */
export function fuzzRequests(operations: readonly Operation[], values: ValidValues): fc.Arbitrary<FuzzRequest> {
  return fc.constantFrom(...operations).chain((operation) => {
    const { bodySchema } = operation;
    const good = goodRequest(operation, values);
    const flaws = [
      { weight: 6, arbitrary: good },
      { weight: 1, arbitrary: withOther(good, 'caller', fc.constantFrom(...callers)) },
      { weight: 1, arbitrary: withOther(good, 'headers', headers(operation, values, headerText)) },
    ];
    if (bodySchema !== undefined) {
      const valid = values.of(bodySchema);
      flaws.push({ weight: 6, arbitrary: withOther(good, 'body', broken(valid).map(asJson)) });
      flaws.push({ weight: 1, arbitrary: withOther(good, 'body', flawedText(valid)) });
    } else if (operation.method !== 'GET') {
      flaws.push({ weight: 1, arbitrary: withOther(good, 'body', fc.jsonValue({ maxDepth: 1 }).map(asJson)) });
    }
    if (operation.path.includes('{')) {
      const ids = Object.fromEntries(inPath(operation).map(({ name }) => [name, strangeId]));
      flaws.push({ weight: 2, arbitrary: withOther(good, 'path', fc.record(ids)) });
      flaws.push({ weight: 1, arbitrary: withOther(good, 'rawPart', fc.constantFrom(...rawParts)) });
    }
    const names = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    if (names.length > 0) {
      flaws.push({ weight: 5, arbitrary: withOther(good, 'query', brokenQuery(names)) });
      flaws.push({ weight: 1, arbitrary: withOther(good, 'rawQuery', fc.constantFrom(...rawQueries)) });
    }
    return fc.oneof(...flaws);
  });
}

function goodRequest(operation: Operation, values: ValidValues): fc.Arbitrary<FuzzRequest> {
  const path = inPath(operation).map(({ name, schema }) => [
    name,
    fc.tuple(nth, values.of(schema)).map(([nth, id]) => new Known(nameInPath(operation.path, name), nth, id)),
  ]);
  const query = operation.parameters.filter((parameter) => parameter.in === 'query');
  const members = Object.fromEntries(query.map(({ name, schema }) => [name, values.of(schema, name)]));
  const required = query.filter((parameter) => parameter.required === true).map(({ name }) => name);
  const asked = fc.record(members, { requiredKeys: required });
  const fewer = fc.subarray(
    query.map(({ name }) => name),
    { maxLength: Math.min(2, query.length) },
  );
  return fc.record({
    operation: fc.constant(operation),
    caller: fc.constant('full' as const),
    path: fc.record(Object.fromEntries(path) as Record<string, fc.Arbitrary<unknown>>),
    rawPart: fc.constant(undefined),
    query: fc
      .tuple(asked, fewer)
      .map(([all, kept]) => Object.entries(all).filter(([name]) => required.includes(name) || kept.includes(name))),
    rawQuery: fc.constant(undefined),
    headers: headers(operation, values, undefined),
    body: operation.bodySchema === undefined ? fc.constant(undefined) : values.of(operation.bodySchema).map(asJson),
  });
}

const inPath = ({ parameters }: Operation): Parameter[] => parameters.filter((parameter) => parameter.in === 'path');

const withOther = <Name extends keyof FuzzRequest>(
  good: fc.Arbitrary<FuzzRequest>,
  name: Name,
  other: fc.Arbitrary<FuzzRequest[Name]>,
): fc.Arbitrary<FuzzRequest> => fc.tuple(good, other).map(([request, value]) => ({ ...request, [name]: value }));

const asJson = (value: unknown): FuzzBody => ({ value, flaw: undefined, contentType: JSON_TYPE });

const flawedText = (valid: fc.Arbitrary<unknown>): fc.Arbitrary<FuzzBody> =>
  fc.oneof(
    fc.record({
      value: valid,
      flaw: fc.constantFrom('cut', 'more', 'twice', 'bom', 'not-utf8', 'huge-number', 'padded', 'empty', 'nan', 'form'),
      contentType: fc.constant(JSON_TYPE),
    }),
    fc.record({ value: valid, flaw: fc.constant(undefined), contentType: fc.constantFrom(...otherTypes) }),
  );

const brokenQuery = (names: readonly string[]): fc.Arbitrary<[string, unknown][]> =>
  fc.array(
    fc.tuple(
      fc.oneof(fc.constantFrom(...names), fc.constantFrom('unknown', '__proto__', 'constructor', 'toString', '')),
      fc.oneof(
        fc.constantFrom(...nastyTexts.filter((value) => value.length < 2_000)),
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.double().map(String),
      ),
    ),
    { minLength: 1, maxLength: 3 },
  );

/** Ids of nothing, of other kinds of things, and what is no id. */
const strangeId: fc.Arbitrary<unknown> = fc.oneof(
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase()),
  fc
    .tuple(
      fc.nat(999),
      fc.constantFrom('customers.id', 'runs.id', 'pauses.id', 'apiKeys.id', 'events.id', 'externalId'),
    )
    .map(([nth, name]) => new Known(name, nth, 'none')),
  fc.constantFrom(...nastyTexts.filter((value) => value !== '' && value.length < 600)),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
);

/** Headers that the operation declares, and some that any request may have. `strange`: what some of them hold instead of what they should. */
function headers(
  operation: Operation,
  values: ValidValues,
  strange: fc.Arbitrary<string> | undefined,
): fc.Arbitrary<Record<string, unknown>> {
  const declared = operation.parameters.filter((parameter) => parameter.in === 'header');
  const members = Object.fromEntries(
    declared.map(({ name, schema }): [string, fc.Arbitrary<unknown>] => {
      const valid = goodHeader(name, values.of(schema));
      return [name.toLowerCase(), strange === undefined ? valid : fc.oneof(valid, strange)];
    }),
  );
  if (strange === undefined) {
    const required = declared.filter((parameter) => parameter.required !== false || parameter.name === 'If-Match');
    return fc.record(members, { requiredKeys: required.map(({ name }) => name.toLowerCase()) });
  }
  const others = [
    'accept',
    'x-request-id',
    'traceparent',
    'last-event-id',
    'if-match',
    'if-none-match',
    'x-forwarded-for',
    'x-http-method-override',
  ];
  for (const name of others) members[name] ??= strange;
  return fc.record(members, { requiredKeys: [] });
}

function goodHeader(name: string, otherwise: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  switch (name.toLowerCase()) {
    case 'idempotency-key':
      // Few enough that some are used again.
      return fc.oneof(
        fc.uuid(),
        fc.nat(200).map((number) => `fuzz-${number}`),
      );
    case 'if-match':
      return fc.oneof({ weight: 4, arbitrary: fc.constant(AS_READ) }, { weight: 1, arbitrary: fc.constant('"0"') });
    case 'if-none-match':
      return fc.oneof(
        fc.constant(AS_READ),
        fc.nat(9).map((version) => `"${version}"`),
      );
    default:
      return otherwise;
  }
}
