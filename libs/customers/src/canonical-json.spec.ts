import { describe, expect, it } from '@jest/globals';
import { Secret } from '@app/platform';
import { hashCanonicalJson } from './canonical-json.js';

describe('hashCanonicalJson', () => {
  it('does not mind the order of members, at any depth', () => {
    expect(hashCanonicalJson({ a: 1, b: { c: [{ d: 1, e: 2 }] } })).toBe(
      hashCanonicalJson({ b: { c: [{ e: 2, d: 1 }] }, a: 1 }),
    );
  });

  it('takes an absent member and an undefined one for the same', () => {
    expect(hashCanonicalJson({ a: 1, b: undefined })).toBe(hashCanonicalJson({ a: 1 }));
  });

  it.each([
    ['another value', { a: 1 }, { a: 2 }],
    ['another type', { a: 1 }, { a: '1' }],
    ['another order of a list', { a: [1, 2] }, { a: [2, 1] }],
    ['an object that looks like its own ordered form', { a: { b: 1 } }, { a: [['b', 1]] }],
    ['null for absent', { a: null }, {}],
  ])('minds %s', (_, left, right) => {
    expect(hashCanonicalJson(left)).not.toBe(hashCanonicalJson(right));
  });

  it('minds the value of a secret, which has no members to look at', () => {
    const hash = (value: string) => hashCanonicalJson({ a: [new Secret(value)] });
    expect(hash('one')).toBe(hash('one'));
    expect(hash('one')).not.toBe(hash('two'));
    expect(hash('one')).not.toBe(hashCanonicalJson({ a: ['one'] }));
    expect(hash('one')).not.toBe(hashCanonicalJson({ a: [{}] }));
  });
});
