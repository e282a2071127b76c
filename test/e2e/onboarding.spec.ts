import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Stack } from '../stack.js';
import { expectOneWorkingClient, onboardToEnd } from './onboarding-outcome.js';

let stack: Stack;

describe.each(['postgres', 'redis'] as const)('onboarding on %s', (backend) => {
  beforeAll(async () => {
    stack = await Stack.start({ backend });
  });
  afterAll(() => stack.close());

  it('makes one trusted client whose stored secret works, and tells each step', async () => {
    const { customerId, run } = await onboardToEnd(stack, 'acme', {
      redirectUris: ['https://app.acme.example/callback'],
      verificationUser: { field: 'subject', value: 'demo' },
    });
    expect(run).toMatchObject({ plan: 'onboarding', state: 'succeeded', error: null });
    expect(run.steps.map((step: any) => [step.name, step.state])).toEqual([
      ['check-tenant-access', 'succeeded'],
      ['create-oauth-client', 'succeeded'],
      ['trust-consent', 'succeeded'],
      ['verify-credential', 'succeeded'],
      ['settle-creation', 'skipped'],
    ]);
    await expectOneWorkingClient(stack, 'acme', customerId);
    const state = await stack.state('acme');
    expect(state).toMatchObject({ clientsCreated: 1, secretsCreated: 1 });
    expect(state.clients[0]).toMatchObject({
      clientName: expect.stringContaining(customerId),
      allowedGrantTypes: ['client_credentials', 'urn:qlik:oauth:user-impersonation'],
      allowedScopes: ['user_default'],
      redirectUris: ['https://app.acme.example/callback'],
    });
  });

  it('takes no more calls to Qlik than it needs', async () => {
    const before = (await stack.state()).requests;
    await onboardToEnd(stack, 'thrifty');
    const after = (await stack.state()).requests;
    const spent = Object.fromEntries(
      Object.entries<number>(after)
        .map(([operation, count]) => [operation, count - (before[operation] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    );
    expect(spent).toEqual({ token: 2, list: 1, create: 1, 'config-patch': 1, get: 1 });
  });

  it('writes the story of a customer into the audit, in order and unbroken', async () => {
    const { customerId } = await onboardToEnd(stack, 'storied');
    const { body: events } = await stack.call('GET', `/v1/audit-events?customerId=${customerId}&limit=50`);
    const actions = (events.auditEvents ?? events.events ?? events.data).map((event: any) => event.action).reverse();
    expect(actions).toEqual([
      'customer.accepted',
      'data_key.created',
      'oauth_client.created',
      'secret.stored',
      'consent.trusted',
      'token.minted',
      'secret.promoted',
      'customer.ready',
      'run.succeeded',
    ]);
    const { body: verification } = await stack.call('GET', `/v1/audit-events/verification?customerId=${customerId}`);
    expect(verification).toMatchObject({ intact: true });
  });
});

describe('an idempotency key', () => {
  beforeAll(async () => {
    stack = await Stack.start();
  });
  afterAll(() => stack.close());

  it('is forgotten by the workers once it has expired', async () => {
    const { idempotencyKey: keys } = stack.test.database.client;
    const { customerId } = await stack.onboard('forgotten');
    expect(await keys.updateMany({ where: { customerId }, data: { expiresAt: new Date(0) } })).toEqual({ count: 1 });
    while ((await keys.count({ where: { customerId } })) > 0) await delay(20);
  });
});
