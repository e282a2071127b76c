import { DomainError } from '@app/platform';

/** 1 to 255 visible characters of ASCII. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** The header's value. Throws IDEMPOTENCY_KEY_REQUIRED or, for one that is not 1 to 255 visible ASCII characters, REQUEST_INVALID. */
export function requireIdempotencyKey(header: string | undefined): string {
  if (header === undefined || header === '') {
    throw new DomainError(
      'invalid',
      'IDEMPOTENCY_KEY_REQUIRED',
      'Send an Idempotency-Key of your own, new for each customer, so that this request can be repeated without making a second one.',
    );
  }
  if (KEY.test(header)) return header;
  const message = 'must be 1 to 255 visible ASCII characters, without spaces';
  throw new DomainError('invalid', 'REQUEST_INVALID', `The Idempotency-Key ${message}.`, {
    fields: [{ pointer: '/idempotency-key', message }],
  });
}
