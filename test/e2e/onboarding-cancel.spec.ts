import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Stack } from '../stack.js';
import { expectOneWorkingClient, onboardToEnd, retryMended } from './onboarding-outcome.js';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack.close());

afterEach(() => stack.sandboxCall('DELETE', '/faults'));

describe('a run that is cancelled', () => {
  const cancel = async (runId: string) => {
    const { headers } = await stack.call('GET', `/v1/runs/${runId}`);
    const { status } = await stack.call('POST', `/v1/runs/${runId}/cancel`, {
      headers: { 'if-match': String(headers.etag) },
      body: { reason: 'ordered by mistake' },
    });
    expect(status).toBe(202);
    return stack.runEnd(runId);
  };

  it('takes its client back, and can be retried from the start', async () => {
    const tenantHost = 'regret.eu.qlikcloud.com';
    await stack.fault({ kind: 'status', status: 403, tenantHost, operation: 'config-patch' });
    const { customerId, runId, run } = await onboardToEnd(stack, 'regret');
    expect(run).toMatchObject({ state: 'needs_attention', step: 'trust-consent' });
    expect((await stack.state('regret')).clients).toHaveLength(1);
    expect(await cancel(runId)).toMatchObject({ state: 'cancelled' });
    expect((await stack.state('regret')).clients).toHaveLength(0);
    expect((await stack.call('GET', `/v1/customers/${customerId}`)).body.state).toBe('failed');
    await stack.sandboxCall('DELETE', '/faults');
    expect(await retryMended(stack, runId)).toMatchObject({ state: 'succeeded' });
    await expectOneWorkingClient(stack, 'regret', customerId);
  });

  it('while an answer is lost still finds and deletes what was made', async () => {
    await stack.fault({ kind: 'reset-after', tenantHost: 'unsure.eu.qlikcloud.com', operation: 'create' });
    const { runId } = await stack.onboard('unsure');
    await stack.runWhen(runId, (run) => run.state === 'waiting');
    expect(await cancel(runId)).toMatchObject({ state: 'cancelled' });
    expect(await stack.state('unsure')).toMatchObject({ clients: [], clientsCreated: 1 });
  });
});
