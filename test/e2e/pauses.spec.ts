import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Stack } from '../stack.js';

let stack: Stack;

const pause = async (target: object): Promise<string> => {
  const { status, body } = await stack.call('POST', '/v1/pauses', { body: { ...target, reason: 'maintenance' } });
  expect(status).toBe(201);
  return body.id;
};
const lift = async (id: string) => expect((await stack.call('DELETE', `/v1/pauses/${id}`)).status).toBe(204);

describe.each(['postgres', 'redis'] as const)('a pause, with the queue on %s', (backend) => {
  beforeAll(async () => {
    // No sweep helps: what goes on was woken by the lifting itself.
    const env = { SWEEP_SECONDS: '60', RUN_LEASE_SECONDS: '20', QLIK_TIMEOUT_SECONDS: '5' };
    stack = await Stack.start({ backend, env });
  });
  afterAll(() => stack.close());

  it('of a tenant holds its customer alone, who is onboarded once it is lifted', async () => {
    const pauseId = await pause({ tenantHost: 'held.eu.qlikcloud.com' });
    const held = await stack.onboard('held');
    const other = await stack.onboard('other');
    expect((await stack.runEnd(other.runId)).state).toBe('succeeded');
    const { body: run } = await stack.call('GET', `/v1/runs/${held.runId}`);
    expect(run).toMatchObject({ state: 'queued', startedAt: null, pausedBy: { id: pauseId, reason: 'maintenance' } });
    await lift(pauseId);
    expect(await stack.runEnd(held.runId)).toMatchObject({ state: 'succeeded', pausedBy: null });
  });

  it('set while a step is under way lets that step end and begins no other', async () => {
    await stack.fault({
      tenantHost: 'midway.eu.qlikcloud.com',
      operation: 'list',
      kind: 'delay',
      delayMs: 2_000,
      times: 1,
    });
    const { runId } = await stack.onboard('midway');
    await stack.runWhen(runId, ({ state }) => state === 'running');
    const pauseId = await pause({ plan: 'onboarding' });
    const run = await stack.runWhen(runId, ({ state }) => state !== 'running');
    expect(run).toMatchObject({ state: 'queued', step: 'create-oauth-client', pausedBy: { id: pauseId } });
    expect(run.steps.map(({ state }: { state: string }) => state).slice(0, 2)).toEqual(['succeeded', 'pending']);
    expect((await stack.state('midway')).clients).toEqual([]);
    await lift(pauseId);
    expect((await stack.runEnd(runId)).state).toBe('succeeded');
    expect((await stack.state('midway')).clientsCreated).toBe(1);
  });
});
