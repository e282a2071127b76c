import { expect } from '@jest/globals';
import { request } from 'undici';
import { TenantClient } from '../../apps/sandbox/testing/tenant-client.js';
import { parentClient, type Stack } from '../stack.js';

/** What a customer here is to have at Qlik. */
export const WANTED = {
  redirectUris: ['https://app.example/a', 'https://app.example/b'],
  allowedOrigins: ['https://app.example'],
  scopes: ['user_default', 'apps:read'],
};

/** Comparisons come when the tests make them due. */
export const ON_DEMAND = { RECONCILIATION_INTERVAL_SECONDS: '3600' };

/** A customer and its client, as the administrator of its tenant has it at hand. */
export interface Onboarded {
  stack: Stack;
  name: string;
  customerId: string;
  clientId: string;
  tenant: TenantClient;
}

/** A customer that is ready. */
export async function makeReady(stack: Stack, name: string, more: object = {}): Promise<Onboarded> {
  const { customerId, runId } = await stack.onboard(name, { ...WANTED, ...more });
  expect(await stack.runEnd(runId)).toMatchObject({ state: 'succeeded' });
  return onboardedAs(stack, name, customerId);
}

/** A customer that has its client. */
export async function onboardedAs(stack: Stack, name: string, customerId: string): Promise<Onboarded> {
  const { clientId, clientSecret } = parentClient;
  const tenant = await TenantClient.connect(stack.sandbox.url, `${name}.eu.qlikcloud.com`, clientId, clientSecret);
  const { clients } = await stack.state(name);
  return { stack, name, customerId, clientId: clients[0].clientId, tenant };
}

/** An administrator's change of the client. */
/** A secret that is not ours; resolves with its hint. */
export async function addForeignSecret({ stack, tenant, clientId }: Onboarded): Promise<string> {
  const { hints } = await stack.sandboxCall('POST', `/tenants/${tenant.host}/clients/${clientId}/secrets`, {});
  return hints[0];
}

/** Deletes one of the client's secrets, by its hint. */
export async function deleteSecret({ tenant, clientId }: Onboarded, hint: string): Promise<void> {
  expect((await tenant.api('DELETE', `/${clientId}/client-secrets/${hint}`)).status).toBe(204);
}

/** A client that looks in every way as if we had made it for the customer. */
/** Deletes the secret that the customer uses. */
export async function deleteOurSecret(onboarded: Onboarded): Promise<void> {
  await deleteSecret(onboarded, (await clientAtQlik(onboarded)).hints[0]);
  // Qlik may list a secret late: one is missed only once it is old enough to be listed for sure.
  await onboarded.stack.test.database.sql.$executeRaw`
    UPDATE secret_versions SET created_at = created_at - interval '1 minute' WHERE customer_id = ${onboarded.customerId}::uuid`;
}

/** The customer's client as its tenant has it. */
export const clientAtQlik = async ({ stack, name, clientId }: Onboarded) =>
  (await stack.state(name)).clients.find((client: any) => client.clientId === clientId);

/** The tenant's clients but for when they were changed. */
/** The state of the customer. */
export const stateOf = async ({ stack, customerId }: Onboarded): Promise<string> =>
  (await stack.call('GET', `/v1/customers/${customerId}`)).body.state;

/** The status Qlik's token endpoint answers to the credential that the API hands out. */
export async function useCredential({ stack, customerId }: Onboarded): Promise<number> {
  const { body } = await stack.call('GET', `/v1/customers/${customerId}/credentials`);
  const { tenantHost, clientId, clientSecret } = body;
  const { statusCode, body: reply } = await request(new URL('/oauth/token', stack.sandbox.url), {
    method: 'POST',
    headers: { host: tenantHost, 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' }),
  });
  await reply.dump();
  return statusCode;
}

/** The customer's reconciliations, newest first. */
export const reconciliations = async ({ stack, customerId }: Onboarded): Promise<any[]> =>
  (await stack.call('GET', `/v1/runs?plan=reconciliation&customerId=${customerId}`)).body.runs;

/** What the audit tells of the customer but for what its onboarding told, oldest first. */
export async function events({ stack, customerId }: Onboarded): Promise<{ action: string; data: any; subject: any }[]> {
  const { body } = await stack.call('GET', `/v1/audit-events?customerId=${customerId}&limit=100`);
  const all = body.events.reverse();
  return all.slice(all.findIndex(({ action }: any) => action === 'run.succeeded') + 1);
}

/** What kinds, or codes, the audit tells of under this action. */
export const told = async (onboarded: Onboarded, action: string): Promise<string[]> =>
  (await events(onboarded)).filter((event) => event.action === action).map(({ data }) => data.kind ?? data.code);

/** Has the next sweep compare the customer. */
export const makeDue = ({ stack, customerId }: Onboarded) => stack.test.database.sql.$executeRaw`
  UPDATE customers SET next_reconciliation_at = now() WHERE id = ${customerId}::uuid`;

/** How often workers and sweeps have changed the customer's reconciliations. */
async function revisions({ stack, customerId }: Onboarded): Promise<number> {
  const [row] = await stack.test.database.sql.$queryRaw<[{ revisions: number }]>`
    SELECT coalesce(sum(revision), 0)::int AS revisions FROM runs
    WHERE customer_id = ${customerId}::uuid AND plan = 'reconciliation'`;
  return row.revisions;
}

/** Makes the customer due, and returns the reconciliation once it has come to a stop. */
export async function reconcile(onboarded: Onboarded): Promise<any> {
  const before = await revisions(onboarded);
  await makeDue(onboarded);
  for (const giveUpAt = Date.now() + 15_000; (await revisions(onboarded)) === before;)
    if (Date.now() > giveUpAt) throw new Error('No reconciliation began.');
  return onboarded.stack.runEnd((await reconciliations(onboarded))[0].id);
}
