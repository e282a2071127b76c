import { describe, expect, it } from '@jest/globals';
import { QlikError, type QlikErrorCode } from '@app/qlik';
import { ReconciliationPlan } from './reconciliation.plan.js';

const plan = new ReconciliationPlan(
  { name: 'compare-client' } as never,
  { name: 'repair-client' } as never,
  { name: 'raise-drift' } as never,
);

describe('ReconciliationPlan', () => {
  it('compares, repairs, and raises what is left', () => {
    expect(plan.steps.map(({ name }) => name)).toEqual(['compare-client', 'repair-client', 'raise-drift']);
  });

  it.each<[QlikErrorCode, object | undefined]>([
    [
      'PARENT_REFUSED',
      { kind: 'retry', exhausted: 'failed', error: expect.objectContaining({ code: 'PARENT_REFUSED' }) },
    ],
    ['TENANT_DISABLED', { kind: 'retry', exhausted: 'failed' }],
    ['TENANT_NOT_FOUND', { kind: 'retry', exhausted: 'failed' }],
    ['QLIK_UNREADABLE', { kind: 'retry', exhausted: 'failed' }],
    ['QLIK_UNAVAILABLE', { kind: 'retry', exhausted: 'failed', notBeforeMs: 7_000 }],
    ['QLIK_RATE_LIMITED', { kind: 'wait-for', forMs: 7_000 }],
  ])('keeps the customer from no other run because of %s', (code, failure) => {
    const error = new QlikError(code, {
      operation: 'get-oauth-client',
      host: 'acme.eu.qlikcloud.com',
      retryAfterMs: 7_000,
    });
    expect(plan.explain(error)).toMatchObject(failure as object);
  });

  it('does not explain what it does not know', () => {
    expect(plan.explain(new Error('ours to fix'))).toBeUndefined();
  });
});
