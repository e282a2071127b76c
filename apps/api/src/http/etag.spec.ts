import { describe, expect, it } from '@jest/globals';
import { hasVersion, requireVersion } from './etag.js';

describe('hasVersion', () => {
  it.each([
    ['"3"', true],
    ['W/"3"', true],
    ['"1", "3"', true],
    ['*', true],
    ['"33"', false],
    ['3', false],
    [undefined, false],
  ])('%s', (header, expected) => expect(hasVersion(header, 3)).toBe(expected));
});

describe('requireVersion', () => {
  it('reads the version of one strong tag', () => expect(requireVersion(' "12" ')).toBe(12));

  it.each(['W/"12"', '"12", "13"', '12', '*', '"x"'])('takes %s for a version that is never there', (header) => {
    expect(requireVersion(header)).toBe(-1);
  });

  it.each([undefined, '', '  '])('refuses %p', (header) => {
    expect(() => requireVersion(header)).toThrow(expect.objectContaining({ code: 'IF_MATCH_REQUIRED' }));
  });
});
