import fc from 'fast-check';
import { Known } from './known-values.js';

/** Objects in objects: deeper than any stack of a careless parser. */
const deep = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

/** Texts that were trouble to somebody once. */
export const nastyTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udfff',
  '\u202eabc',
  '\u200b',
  '\ufeff',
  '\u2028',
  'ﷺ'.repeat(20),
  '👩‍👩‍👧‍👦'.repeat(20),
  'İ',
  'a\r\nX-Injected: 1',
  '__proto__',
  'constructor',
  'undefined',
  'NaN',
  '%00',
  '%s%s%n',
  '${7*7}',
  '{{7*7}}',
  "' OR 1=1 --",
  '"; DROP TABLE customers; --',
  '../../../../etc/passwd',
  '<script>alert(1)</script>',
  '2026-02-30T00:00:00Z',
  '-271821-04-20T00:00:00.000Z',
  '+275760-09-13T00:00:00.000Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '2016-12-31T23:59:60Z',
  '1e400',
  '0x10',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'https://user:pass@app.example/',
  'http://169.254.169.254/latest/meta-data',
  'https://[::1]/',
  'javascript:alert(1)',
  'register.eu.qlikcloud.com',
  'ACME.eu.qlikcloud.com',
  'acme.eu.qlikcloud.com.',
  'xn--.eu.qlikcloud.com',
  'x'.repeat(501),
  'x'.repeat(10_000),
];

const nastyValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  -0,
  1e308,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  [],
  {},
  [[]],
  [null],
  { toString: 1 },
  { length: 5 },
  { $ref: '#' },
  deep(50),
  deep(1_000),
  ...nastyTexts,
];

/** Names that no request has, and those that JavaScript has of its own. */
const foreignNames = [
  'unknown',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  '\u0000',
  'id',
  'state',
];

interface Flaw {
  kind: 'replace' | 'remove' | 'add' | 'repeat' | 'wrap' | 'rename';
  /** Which part of the value, counted from the outside in. */
  part: number;
  value: unknown;
  name: string;
}

const flaw: fc.Arbitrary<Flaw> = fc.record({
  kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'repeat', 'wrap', 'rename'),
  part: fc.nat(50),
  value: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...nastyValues) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
    { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  ),
  name: fc.oneof(fc.constantFrom(...foreignNames), fc.string({ unit: 'binary', maxLength: 60 })),
});

/** What is wrong with a valid value after one to three of its parts were changed. */
export const broken = (valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.tuple(valid, fc.array(flaw, { minLength: 1, maxLength: 3 })).map(([value, flaws]) => flaws.reduce(inject, value));

function inject(value: unknown, { kind, part, value: other, name }: Flaw): unknown {
  const parts = [...partsOf(value, [])];
  const path = parts[part % parts.length]!;
  const here = path.reduce<any>((whole, key) => whole[key], value);
  const isObject = typeof here === 'object' && here !== null && !(here instanceof Known);
  switch (kind) {
    case 'replace':
      return put(value, path, () => other);
    case 'wrap':
      return put(value, path, (old) => (name.length % 2 === 0 ? [old] : { [name]: old }));
    case 'remove':
      return path.length === 0 ? null : put(value, path, () => undefined);
    case 'repeat':
      return put(value, path, (old) => Array.from({ length: 1_001 }, () => (Array.isArray(old) ? old[0] : null)));
    case 'add':
      return put(value, isObject && !Array.isArray(here) ? path : [], (old) => addMember(old, name, other));
    case 'rename':
      return path.length === 0
        ? other
        : addMember(
            put(value, path, () => undefined),
            name,
            here,
          );
  }
}

/** `__proto__` as a member like any other, which assigning would not make it. */
function addMember(old: unknown, name: string, value: unknown): unknown {
  if (typeof old !== 'object' || old === null || Array.isArray(old)) return old;
  return Object.fromEntries([...Object.entries(old), [name, value]]);
}

function* partsOf(value: unknown, path: string[]): Iterable<string[]> {
  yield path;
  if (typeof value !== 'object' || value === null || value instanceof Known || path.length > 4) return;
  for (const [key, member] of Object.entries(value).slice(0, 20)) yield* partsOf(member, [...path, key]);
}

/** A copy in which the part at `path` is another; a part that becomes undefined is not there. */
function put(value: any, [key, ...rest]: readonly string[], change: (old: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  const entries = Object.entries(value as object).flatMap(([name, member]): [string, unknown][] => {
    if (name !== key) return [[name, member]];
    const changed = put(member, rest, change);
    return changed === undefined ? [] : [[name, changed]];
  });
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}
