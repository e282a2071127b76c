import { describe, expect, it } from '@jest/globals';
import { QlikError, type QlikErrorCode } from '@app/qlik';
import { PreflightPlan } from './preflight.plan.js';

const plan = new PreflightPlan({ name: 'get-parent-token' } as never, { name: 'list-one-client' } as never);

describe('PreflightPlan', () => {
  it('is let in, and then looks', () => {
    expect(plan.steps.map(({ name }) => name)).toEqual(['get-parent-token', 'list-one-client']);
  });

  it.each<[QlikErrorCode, object]>([
    ['PARENT_NOT_CONFIGURED', { kind: 'attention' }],
    ['PARENT_REFUSED', { kind: 'attention' }],
    ['TENANT_DISABLED', { kind: 'attention' }],
    ['QLIK_FORBIDDEN', { kind: 'attention' }],
    ['QLIK_UNAVAILABLE', { kind: 'retry', exhausted: 'failed' }],
    ['QLIK_RATE_LIMITED', { kind: 'wait-for', forMs: 7_000 }],
  ])('stops at %s as an onboarding would', (code, failure) => {
    const error = new QlikError(code, { operation: 'token', host: 'acme.eu.qlikcloud.com', retryAfterMs: 7_000 });
    expect(plan.explain(error)).toMatchObject({ ...failure, error: { code } });
  });

  it('leaves nothing to write when it ends', async () => {
    expect(await plan.onEnd()).toEqual([]);
  });
});
