import { expect } from '@jest/globals';
import { request } from 'undici';
import type { Stack } from '../stack.js';

/** Onboards `name` and returns its run at its end. */
export async function onboardToEnd(stack: Stack, name: string, more: object = {}) {
  const { customerId, runId } = await stack.onboard(name, more);
  return { customerId, runId, run: await stack.runEnd(runId) };
}

/** The status Qlik's token endpoint answers to the credential that the API hands out. */
export async function useCredential(stack: Stack, customerId: string): Promise<number> {
  const { body } = await stack.call('GET', `/v1/customers/${customerId}/credentials`);
  const { statusCode, body: reply } = await request(new URL('/oauth/token', stack.sandbox.url), {
    method: 'POST',
    headers: { host: body.tenantHost, 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: body.clientId,
      client_secret: body.clientSecret,
      grant_type: 'client_credentials',
    }),
  });
  await reply.dump();
  return statusCode;
}

/** What must hold once an onboarding has ended well, whatever happened on the way. */
export async function expectOneWorkingClient(stack: Stack, name: string, customerId: string): Promise<void> {
  const { clients } = await stack.state(name);
  expect(clients).toHaveLength(1);
  expect(clients[0]).toMatchObject({ consentMethod: 'trusted', appType: 'web' });
  expect(clients[0].hints).toHaveLength(1);
  const shown = await stack.call('GET', `/v1/customers/${customerId}`);
  expect(shown.body).toMatchObject({ state: 'ready', clientId: clients[0].clientId });
  const { body } = await stack.call('GET', `/v1/customers/${customerId}/credentials`);
  expect(body.clientId).toBe(clients[0].clientId);
  expect(await useCredential(stack, customerId)).toBe(200);
}

/** Retries a run whose cause was mended, and returns it at its end. */
export async function retryMended(stack: Stack, runId: string) {
  const { headers } = await stack.call('GET', `/v1/runs/${runId}`);
  const { status, body } = await stack.call('POST', `/v1/runs/${runId}/retry`, {
    headers: { 'if-match': String(headers.etag) },
    body: { reason: 'the cause is mended' },
  });
  expect({ status, body }).toMatchObject({ status: 202 });
  return stack.runEnd(runId);
}
