import { describe, expect, it } from '@jest/globals';
import { QlikError, type QlikErrorCode } from '@app/qlik';
import { KeyProviderError, VaultError } from '@app/vault';
import { explainFailure, toRunError } from './explain-failure.js';

const facts = { operation: 'create-oauth-client', host: 'acme.eu.qlikcloud.com' } as const;
const qlik = { status: 403, code: 'AUTH-1', title: 'Forbidden', traceId: 'trace-1' };
const errorOf = (code: QlikErrorCode, more: Partial<ConstructorParameters<typeof QlikError>[1]> = {}) =>
  new QlikError(code, { ...facts, ...more });

describe('explainFailure', () => {
  it.each<[QlikErrorCode, object, object]>([
    ['QLIK_RATE_LIMITED', { retryAfterMs: 7_000 }, { kind: 'wait-for', forMs: 7_000 }],
    ['RATE_LIMIT_REACHED', { retryAfterMs: 8_000 }, { kind: 'wait-for', forMs: 8_000 }],
    ['TENANT_BUSY', { retryAfterMs: 1_500 }, { kind: 'wait-for', forMs: 1_500 }],
    ['TENANT_CIRCUIT_OPEN', { retryAfterMs: 30_000 }, { kind: 'wait-for', forMs: 30_000 }],
    ['REGION_CIRCUIT_OPEN', { retryAfterMs: 30_000 }, { kind: 'wait-for', forMs: 30_000 }],
    ['QLIK_UNAVAILABLE', {}, { kind: 'retry', exhausted: 'failed' }],
    ['QLIK_UNAVAILABLE', { retryAfterMs: 600_000 }, { kind: 'retry', exhausted: 'failed', notBeforeMs: 600_000 }],
    ['QLIK_UNREACHABLE', {}, { kind: 'retry', exhausted: 'failed' }],
    ['QLIK_TIMEOUT', {}, { kind: 'retry', exhausted: 'failed' }],
    ['CALL_ABORTED', {}, { kind: 'retry', exhausted: 'failed' }],
    ['CREDENTIAL_REFUSED', {}, { kind: 'retry', exhausted: 'needs_attention' }],
    ['TENANT_NOT_FOUND', {}, { kind: 'attention' }],
    ['TENANT_NOT_FOUND', { failure: 'unavailable' }, { kind: 'retry', exhausted: 'needs_attention' }],
    ['QLIK_FORBIDDEN', {}, { kind: 'attention' }],
    ['QLIK_REFUSED', {}, { kind: 'attention' }],
    ['PARENT_REFUSED', {}, { kind: 'attention' }],
    ['TENANT_DISABLED', {}, { kind: 'attention' }],
    ['USER_NOT_FOUND', {}, { kind: 'attention' }],
    ['CLIENT_NOT_FOUND', {}, { kind: 'attention' }],
    ['IDENTIFIER_NOT_USABLE', {}, { kind: 'attention' }],
    ['SECRET_CAPACITY', {}, { kind: 'attention' }],
    ['QLIK_UNREADABLE', {}, { kind: 'attention' }],
    ['PARENT_NOT_CONFIGURED', {}, { kind: 'attention' }],
    ['HOST_NOT_ALLOWED', {}, { kind: 'attention' }],
    ['ADDRESS_NOT_ALLOWED', {}, { kind: 'attention' }],
  ])('%s %j: %j', (code, more, failure) => {
    const error = errorOf(code, more);
    expect(explainFailure(error)).toEqual({ ...failure, error: { code, message: error.message, hint: error.hint } });
  });

  it('tries again when the key service does not answer', () => {
    const error = new KeyProviderError(new Error('503'));
    expect(explainFailure(error)).toMatchObject({
      kind: 'retry',
      exhausted: 'failed',
      error: { code: 'KEY_PROVIDER_UNAVAILABLE', message: expect.stringContaining('nothing was lost') },
    });
  });

  it('waits for a person when the vault cannot read or write, whose own message tells why', () => {
    const error = new VaultError('SECRET_UNREADABLE', 'commitment', 'The secret cannot be read.');
    expect(explainFailure(error)).toEqual({
      kind: 'attention',
      error: {
        code: 'SECRET_UNREADABLE',
        message: 'The secret cannot be read.',
        hint: expect.stringContaining('key-encryption key'),
      },
    });
  });

  it('knows nothing of other errors', () => {
    expect(explainFailure(new Error('a mistake of ours'))).toBeUndefined();
    expect(explainFailure('thrown')).toBeUndefined();
  });
});

describe('toRunError', () => {
  it("keeps Qlik's own words", () => {
    expect(toRunError(errorOf('QLIK_FORBIDDEN', { qlik }))).toMatchObject({ code: 'QLIK_FORBIDDEN', qlik });
  });
});
