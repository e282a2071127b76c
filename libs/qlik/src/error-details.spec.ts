import { describe, expect, it } from '@jest/globals';
import { Secret } from '@app/platform';
import { readErrorDetails } from './error-details.js';

describe('readErrorDetails', () => {
  it("reads Qlik's envelope", () => {
    const body = { errors: [{ code: 'OAUTH-14', title: 'T', detail: 'D', status: 403, meta: 1 }], traceId: 't' };
    expect(readErrorDetails(403, body, [])).toEqual({
      status: 403,
      code: 'OAUTH-14',
      title: 'T',
      detail: 'D',
      traceId: 't',
    });
  });

  it('reads the OAuth form', () => {
    const body = { error: 'invalid_client', error_description: 'no such client' };
    expect(readErrorDetails(400, body, [])).toEqual({ status: 400, code: 'invalid_client', detail: 'no such client' });
  });

  it.each([
    undefined,
    null,
    'text',
    [],
    { errors: 'x' },
    { errors: [{ code: 5 }] },
    { errors: [] },
    { errors: [null] },
  ])('gives the status alone for %j', (body) => {
    expect(readErrorDetails(502, body, [])).toEqual({ status: 502 });
  });

  it('cuts to 300 characters and keeps to one line', () => {
    const details = readErrorDetails(
      400,
      { errors: [{ code: 'C', title: 'x'.repeat(5000), detail: 'a\r\n\u0007b' }] },
      [],
    );
    expect(details.title).toHaveLength(300);
    expect(details.detail).toBe('a b');
  });

  it('takes out a secret in any of its spellings, also across the cut', () => {
    const value = 's3cr+t/"va=lue';
    const bytes = Buffer.from(value);
    const forms = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)];
    forms.push(bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex'));
    for (const form of forms) {
      const details = readErrorDetails(400, { errors: [{ code: form, title: 'x'.repeat(295) + form, detail: form }] }, [
        new Secret(value),
      ]);
      expect(details.code).toBe('[secret]');
      expect(details.title).toBe(`${'x'.repeat(295)}[secr`);
      expect(details.detail).toBe('[secret]');
    }
  });
});
