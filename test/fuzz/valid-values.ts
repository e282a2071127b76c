import fc from 'fast-check';
import type { Schema } from './api-document.js';
import { Known } from './known-values.js';

/** What a text must be for the API to take it, where the schema alone cannot say so: by the name of its member or parameter. */
const MEANINGFUL: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  tenantHost: fc.nat(20_000).map((number) => `fuzz-${number}.eu.qlikcloud.com`),
  redirectUris: fc.constantFrom('https://app.example/callback', 'https://app.example/?q=1', 'http://localhost:3000/'),
  allowedOrigins: fc.constantFrom('https://app.example', 'https://xn--bcher-kva.example', 'http://localhost:8080'),
  scopes: fc.constantFrom('user_default', 'offline_access'),
  scope: fc.constantFrom('user_default', 'user_default user_default', 'admin_classic'),
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu'),
  expiresAt: fc.nat(300).map((days) => new Date(Date.now() + (days + 1) * 86_400_000).toISOString()),
  url: fc.nat(500).map((number) => `https://hooks.example/${number}`),
  region: fc.constantFrom('eu', 'us'),
  value: fc.constantFrom('user-0', 'user-1', 'idp|0', 'idp|1'),
};

/** How often, in ten, a member is what the API told before or what means something, and else whatever its schema allows. */
const WEIGHTS = { known: 3, meaningful: 5, any: 2 };

/** Cautious with length: a body of every field at its longest is a request of its own, not every request. */
const MOST_ITEMS = 4;

/** Values that a JSON Schema of the document allows, and that are often what the API knows or would take. */
export class ValidValues {
  constructor(private readonly schemas: Readonly<Record<string, Schema>>) {}

  /** `name`: of the member or parameter whose value it is. */
  of(schema: Schema, name = ''): fc.Arbitrary<unknown> {
    if (typeof schema.$ref === 'string') return this.of(this.schemas[schema.$ref.split('/').at(-1)!]!, name);
    if ('const' in schema) return fc.constant(schema.const);
    if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
    const alternatives = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
    if (alternatives !== undefined) return fc.oneof(...alternatives.map((one) => this.of(one, name)));
    if (Array.isArray(schema.allOf)) return this.of(Object.assign({}, ...(schema.allOf as Schema[])) as Schema, name);
    if (Array.isArray(schema.type))
      return fc.oneof(...(schema.type as string[]).map((type) => this.of({ ...schema, type }, name)));
    switch (schema.type) {
      case 'object':
        return this.#object(schema);
      case 'array':
        return this.#array(schema, name);
      case 'integer':
        return known(name, integer(schema));
      case 'number':
        return fc.double({ min: low(schema), max: high(schema), noNaN: true });
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'string':
        return known(name, text(schema, name));
      default:
        return fc.jsonValue({ maxDepth: 3 });
    }
  }

  #object(schema: Schema): fc.Arbitrary<unknown> {
    const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
    const required = (schema.required ?? []) as string[];
    const members = Object.fromEntries(properties.map(([name, member]) => [name, this.of(member, name)]));
    const others = schema.additionalProperties;
    if (properties.length === 0 && typeof others === 'object' && others !== null) {
      const names = text((schema.propertyNames ?? {}) as Schema, '') as fc.Arbitrary<string>;
      return fc.dictionary(names, this.of(others as Schema), { maxKeys: MOST_ITEMS });
    }
    const bare = fc.record(Object.fromEntries(required.map((name) => [name, members[name] ?? fc.constant('')])));
    if (required.length === properties.length) return bare;
    // A single optional member is refused less often than five that must agree.
    const oneMore = fc
      .constantFrom(...properties.map(([name]) => name))
      .chain((name) =>
        fc
          .tuple(bare, members[name]!)
          .map(([value, member]): Record<string, unknown> => ({ ...value, [name]: member })),
      );
    return fc.oneof(bare, oneMore, fc.record(members, { requiredKeys: required }));
  }

  #array(schema: Schema, name: string): fc.Arbitrary<unknown> {
    const minLength = Number(schema.minItems ?? 0);
    const maxLength = Math.max(minLength, Math.min(Number(schema.maxItems ?? MOST_ITEMS), MOST_ITEMS));
    return fc.array(this.of((schema.items ?? {}) as Schema, name), { minLength, maxLength });
  }
}

/** Which of the values that the API told: half of the time one of the first, which are what was planted. */
export const nth = fc.oneof(fc.nat(12), fc.nat(999));

/** Now and then what the API told under this name. */
function known(name: string, otherwise: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  if (name === '') return otherwise;
  const told = fc.tuple(nth, otherwise).map(([nth, value]) => new Known(nameOf(name), nth, value));
  return fc.oneof({ weight: WEIGHTS.known, arbitrary: told }, { weight: 10 - WEIGHTS.known, arbitrary: otherwise });
}

/** `customerId` is the id of one of the customers. */
function nameOf(name: string): string {
  const of = /^(\w+)Id$/.exec(name)?.[1];
  return of === undefined || ['external', 'client'].includes(of) ? name : `${of}s.id`;
}

const low = (schema: Schema): number => Number(schema.minimum ?? -1e9);
const high = (schema: Schema): number => Number(schema.maximum ?? 1e9);

function integer(schema: Schema): fc.Arbitrary<unknown> {
  const min = Number(schema.exclusiveMinimum ?? low(schema) - 1) + 1;
  const max = Number(schema.exclusiveMaximum ?? high(schema) + 1) - 1;
  return fc.oneof(
    fc.integer({ min, max: Math.min(max, min + 5) }),
    fc.integer({ min, max }),
    fc.constantFrom(min, max),
  );
}

function text(schema: Schema, name: string): fc.Arbitrary<unknown> {
  const any = anyText(schema);
  const meaningful = MEANINGFUL[name];
  if (meaningful === undefined) return any;
  return fc.oneof({ weight: WEIGHTS.meaningful, arbitrary: meaningful }, { weight: WEIGHTS.any, arbitrary: any });
}

function anyText(schema: Schema): fc.Arbitrary<unknown> {
  const minLength = Number(schema.minLength ?? 0);
  const maxLength = Number(schema.maxLength ?? 100);
  // Never a filter: one that lets nothing through would wait for ever.
  const fit = (value: string): string =>
    value.repeat(value === '' ? 1 : Math.ceil(minLength / value.length) || 1).slice(0, maxLength);
  if (schema.format === 'uuid') return fc.uuid();
  if (schema.format === 'date-time') return anyInstant;
  if (schema.format === 'uri') return fc.webUrl().map(fit);
  if (typeof schema.pattern === 'string')
    return fc.stringMatching(new RegExp(schema.pattern), { size: 'small' }).map(fit);
  const bounds = { minLength, maxLength: Math.min(maxLength, minLength + 40) };
  return fc.oneof(
    { weight: 3, arbitrary: fc.string({ unit: 'grapheme-ascii', ...bounds }) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', ...bounds }).map(fit) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('x'.repeat(Math.min(maxLength, 5_000)), 'x'.repeat(Math.max(minLength, 1))),
    },
  );
}

const CENTURY = { min: new Date('1999-12-31T23:59:59.999Z'), max: new Date('2100-01-01T00:00:00Z') };

/** The first and the last of years with four digits, and by their offset those beyond. */
const EXTREME_INSTANTS = [
  '0000-01-01T00:00:00Z',
  '0000-12-31T23:59:59.999Z',
  '0001-01-01T00:00:00Z',
  '0001-01-01T00:00:00+00:01',
  '9999-12-31T23:59:59.999Z',
  '9999-12-31T23:59:59-00:01',
];

const anyInstant = fc.oneof(
  { weight: 3, arbitrary: fc.date({ noInvalidDate: true, ...CENTURY }).map((date) => date.toISOString()) },
  { weight: 1, arbitrary: fc.constantFrom(...EXTREME_INSTANTS) },
);
