import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Stack } from '../stack.js';
import { expectOneWorkingClient, onboardToEnd, retryMended } from './onboarding-outcome.js';

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack.close());

afterEach(() => stack.sandboxCall('DELETE', '/faults'));

describe('a tenant that makes difficulties', () => {
  it.each([
    ['rate-limits', { kind: 'rate-limit', retryAfter: 0, times: 3 }],
    ['fails on a read', { kind: 'status', status: 503, operation: 'get', times: 2 }],
    ['drops a patch', { kind: 'reset-after', operation: 'config-patch', times: 2 }],
  ])('and %s is waited for', async (how, fault) => {
    const name = how.replaceAll(/\W+/g, '-');
    await stack.fault({ ...fault, tenantHost: `${name}.eu.qlikcloud.com` });
    const { customerId, run } = await onboardToEnd(stack, name);
    expect(run).toMatchObject({ state: 'succeeded' });
    await expectOneWorkingClient(stack, name, customerId);
  });

  it.each([
    ['disabled', { disabled: true }, 'TENANT_DISABLED'],
    ['forbidden', { forbidden: true }, 'QLIK_FORBIDDEN'],
    ['gone', { gone: true }, 'TENANT_NOT_FOUND'],
  ])('and is %s stops the run until that is mended', async (name, settings, code) => {
    await stack.sandboxCall('PUT', `/tenants/${name}.eu.qlikcloud.com`, settings);
    const { customerId, runId, run } = await onboardToEnd(stack, name);
    expect(run).toMatchObject({ state: 'needs_attention', step: 'check-tenant-access', error: { code } });
    expect(run.error.message).toContain(`${name}.eu.qlikcloud.com`);
    expect(run.error.hint).toMatch(/retry|restart/);
    expect(run.error.qlik).toMatchObject({ status: expect.any(Number) });
    await stack.sandboxCall('PUT', `/tenants/${name}.eu.qlikcloud.com`, {});
    expect(await retryMended(stack, runId)).toMatchObject({ state: 'succeeded' });
    await expectOneWorkingClient(stack, name, customerId);
  });

  it.each([
    ['consent-in-body', { consentInCreateRefused: true }, {}],
    ['no-origins', { originsOnWebRefused: true }, { allowedOrigins: ['https://app.example'] }],
    ['no-hint', { hintAbsentOnCreate: true }, {}],
    ['guide-hint', { hintOnlyInGuideForm: true }, {}],
    ['no-config', { connectionConfigAbsentOnGet: true }, {}],
    ['slow-secret', { secretPropagationMs: 300 }, {}],
  ])('in a way that no document settles (%s) is onboarded all the same', async (name, unknowns, more) => {
    await stack.sandboxCall('PUT', `/tenants/${name}.eu.qlikcloud.com`, { unknowns });
    const { customerId, run } = await onboardToEnd(stack, name, more);
    expect(run).toMatchObject({ state: 'succeeded' });
    await expectOneWorkingClient(stack, name, customerId);
    const { body } = await stack.call('GET', `/v1/customers/${customerId}/credentials`);
    expect(body.hint).toBe(
      (await stack.state(name)).clients[0].hints[0].hint ?? (await stack.state(name)).clients[0].hints[0],
    );
    expect(run.steps[1].output.warnings).toEqual(name === 'no-origins' ? ['ORIGINS_NOT_SUPPORTED'] : []);
  });

  it('because nobody configured a parent client for its region says so', async () => {
    const { status, body } = await stack.call('POST', '/v1/customers', {
      headers: { 'idempotency-key': 'us-1' },
      body: { externalId: 'us-1', name: 'US', tenantHost: 'us-1.us.qlikcloud.com' },
    });
    expect(status).toBe(202);
    const run = await stack.runEnd(body.run.id);
    expect(run).toMatchObject({ state: 'needs_attention', error: { code: 'PARENT_NOT_CONFIGURED' } });
    expect(`${run.error.message} ${run.error.hint}`).toContain('PUT /v1/parent-clients/{region}');
  });

  it('and lacks the user to verify with is mended and retried', async () => {
    const { customerId, runId, run } = await onboardToEnd(stack, 'no-user', {
      verificationUser: { field: 'subject', value: 'jane' },
    });
    expect(run).toMatchObject({
      state: 'needs_attention',
      step: 'verify-credential',
      error: { code: 'USER_NOT_FOUND' },
    });
    await stack.sandboxCall('PUT', '/tenants/no-user.eu.qlikcloud.com', {
      users: [{ id: '6422bad8022070c06d2417bc', subject: 'jane', email: 'jane@example.com' }],
    });
    expect(await retryMended(stack, runId)).toMatchObject({ state: 'succeeded' });
    await expectOneWorkingClient(stack, 'no-user', customerId);
  });
});
