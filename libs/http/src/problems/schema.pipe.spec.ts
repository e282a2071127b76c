import { describe, expect, it } from '@jest/globals';
import type { ArgumentMetadata } from '@nestjs/common';
import { z } from 'zod';
import { SchemaPipe } from './schema.pipe.js';

const schema = z.strictObject({ name: z.string(), tags: z.record(z.string(), z.string()).optional() });
const parse = (value: unknown): unknown => new SchemaPipe().transform(value, { schema } as unknown as ArgumentMetadata);

function refusal(value: unknown): unknown {
  try {
    return parse(value);
  } catch (error) {
    return error;
  }
}

describe('SchemaPipe', () => {
  it('gives what the schema reads', () => expect(parse({ name: 'a' })).toEqual({ name: 'a' }));

  it('leaves alone what names no schema', () => {
    expect(new SchemaPipe().transform('7', { type: 'param' })).toBe('7');
  });

  it.each([
    ['a missing member', {}, { pointer: '/name', message: 'is missing' }],
    ['an unknown member', { name: 'a', 'b/~': 1 }, { pointer: '/b~1~0', message: 'is not a field of this request' }],
    ['a nested member', { name: 'a', tags: { x: 1 } }, { pointer: '/tags/x' }],
    ['no object', 5, { pointer: '' }],
  ])('points to %s', (_what, value, field) => {
    expect(refusal(value)).toMatchObject({ kind: 'invalid', code: 'REQUEST_INVALID', fields: [field] });
  });

  it('tells at most 20 mistakes, and short names', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}`.padEnd(1_000, 'x'), 1]));
    const { fields } = refusal({ name: 'a', ...many }) as { fields: { pointer: string }[] };
    expect(fields).toHaveLength(20);
    expect(fields[0]?.pointer).toHaveLength(101);
  });
});
