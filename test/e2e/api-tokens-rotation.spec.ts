import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningProcess } from '@app/platform';
import { pino } from 'pino';
import { startApi } from '../../apps/api/src/start-api.js';
import { TenantClient } from '../../apps/sandbox/testing/tenant-client.js';
import { parentClient, Stack } from '../stack.js';
import {
  askToken,
  claimsOf,
  hostOf,
  type ReadyOptions,
  readyWithUsers,
  type TokenAnswer,
  userOf,
} from './tokens-under-test.js';

const LONG_GRACE = { graceSeconds: 3_600, acknowledgement: 'none' };
const NO_GRACE = { graceSeconds: 0, acknowledgement: 'none' };

describe('tokens while secrets change', () => {
  let stack: Stack;
  /** Two processes, as callers behind a load balancer meet them. */
  let apis: RunningProcess[];

  beforeAll(async () => {
    const env = { QLIK_TIMEOUT_SECONDS: '5', RUN_LEASE_SECONDS: '20', RECONCILIATION_INTERVAL_SECONDS: '3600' };
    stack = await Stack.start({ env });
    apis = [stack.api, await startApi(stack.env, { logger: pino({ level: 'silent' }) })];
  });

  afterAll(async () => {
    await apis[1]?.close();
    await stack.close();
  });

  const ready = (name: string, options?: ReadyOptions): Promise<string> => readyWithUsers(stack, name, options);

  const askFor = (customerId: string, number = 0, api = 0): Promise<TokenAnswer> =>
    askToken(stack, apis[api]!.url, customerId, { user: { field: 'userId', value: userOf(number).id } });

  /** Asks both processes for user 0 until each gives the same token twice: until it is remembered. */
  async function remembered(customerId: string): Promise<string[]> {
    return Promise.all(
      apis.map(async (_api, index) => {
        for (let former = ''; ;) {
          const { status, body } = await askFor(customerId, 0, index);
          expect(status).toBe(200);
          if (body.accessToken === former) return former;
          former = body.accessToken;
        }
      }),
    );
  }

  /** Waits until both processes give other tokens than these: what one process commits another hears a moment later. */
  async function dropped(customerId: string, former: string[]): Promise<void> {
    for (const [index, token] of former.entries()) {
      while ((await askFor(customerId, 0, index)).body.accessToken === token);
    }
  }

  const rotate = async (customerId: string, mode: string): Promise<string> => {
    const path = `/v1/customers/${customerId}/rotations`;
    const { status, body } = await stack.call('POST', path, { body: { mode, reason: 'a test' } });
    expect({ status, code: body.code }).toEqual({ status: 202, code: undefined });
    return body.id;
  };

  const audited = async (customerId: string): Promise<any[]> =>
    (await stack.call('GET', `/v1/audit-events?customerId=${customerId}&action=token.minted&limit=100`)).body.events;

  const tenantOf = (name: string) =>
    TenantClient.connect(stack.sandbox.url, hostOf(name), parentClient.clientId, parentClient.clientSecret);

  it('gives a token to everybody who asks, through graceful and emergency rotations', async () => {
    const users = 400;
    const customerId = await ready('busy', { users, rotation: NO_GRACE });
    let isOver = false;
    const answers: { number: number; answer: TokenAnswer }[] = [];
    const lanes = [0, 1, 2, 3].map(async (lane) => {
      // Half of the requests are for somebody new, who cannot be served from what is remembered.
      for (let turn = 0; !isOver; turn += 1) {
        const number = turn % 2 === 0 ? lane : (lane * 100 + turn) % users;
        answers.push({ number, answer: await askFor(customerId, number, turn % 2) });
      }
    });
    try {
      for (const mode of ['graceful', 'emergency', 'graceful', 'emergency', 'emergency']) {
        const run = await stack.runEnd(await rotate(customerId, mode), 60_000);
        expect(run).toMatchObject({ state: 'succeeded' });
      }
    } finally {
      isOver = true;
      await Promise.all(lanes);
    }
    expect(answers.filter(({ answer }) => answer.status !== 200).map(({ answer }) => answer.body)).toEqual([]);
    for (const { number, answer } of answers) expect(claimsOf(answer)).toMatchObject({ sub: userOf(number).id });
    const versions = new Set((await audited(customerId)).map(({ data }) => data.version).filter(Boolean));
    expect(versions.size).toBeGreaterThan(1);
  });

  it('drops what it remembers in every process when a secret is replaced in an emergency', async () => {
    const customerId = await ready('leaked');
    const former = await remembered(customerId);
    expect(await stack.runEnd(await rotate(customerId, 'emergency'))).toMatchObject({ state: 'succeeded' });
    await dropped(customerId, former);
    expect((await audited(customerId))[0].data.version).toBe(2);
  });

  it('drops it when a secret is replaced gracefully, since the new one is another', async () => {
    const customerId = await ready('replaced', { rotation: LONG_GRACE });
    const former = await remembered(customerId);
    const runId = await rotate(customerId, 'graceful');
    await stack.runWhen(runId, (run) => run.step === 'grace' && run.state === 'waiting');
    await dropped(customerId, former);
  });

  it('drops it when a repair has set the client right, and gives no wider token after it', async () => {
    const customerId = await ready('widened');
    const former = await remembered(customerId);
    const tenant = await tenantOf('widened');
    const { clients } = await stack.state('widened');
    const body = [{ op: 'replace', path: '/allowedScopes', value: ['user_default', 'admin_classic'] }];
    expect((await tenant.api('PATCH', `/${clients[0].clientId}`, { body })).status).toBe(204);
    await stack.test.database.sql.$executeRaw`
      UPDATE customers SET next_reconciliation_at = now() WHERE id = ${customerId}::uuid`;
    await dropped(customerId, former);
    const { body: page } = await stack.call('GET', `/v1/audit-events?customerId=${customerId}&action=drift.repaired`);
    expect(page.events).toHaveLength(1);
  });

  it.each(['offboarding', 'offboarded'])('gives nothing that it remembers of a customer that is %s', async (state) => {
    const customerId = await ready(`bye-${state}`);
    await remembered(customerId);
    await stack.test.database.sql.$executeRaw`
      UPDATE customers SET state = ${state}::customer_state WHERE id = ${customerId}::uuid`;
    for (const index of apis.keys()) while ((await askFor(customerId, 0, index)).status === 200);
    const { status, body } = await askFor(customerId);
    expect([status, body.code]).toEqual([410, 'CUSTOMER_OFFBOARDED']);
  });

  it('falls back to the secret before while it is kept, if Qlik refuses the current one', async () => {
    const customerId = await ready('half-deleted', { users: 3, rotation: LONG_GRACE });
    const runId = await rotate(customerId, 'graceful');
    await stack.runWhen(runId, (run) => run.step === 'grace' && run.state === 'waiting');
    const tenant = await tenantOf('half-deleted');
    const { clients } = await stack.state('half-deleted');
    const rows = await stack.test.database.client.secretVersion.findMany({ where: { customerId } });
    const current = rows.find(({ state }) => state === 'current')!;
    const path = `/${clients[0].clientId}/client-secrets/`;
    expect((await tenant.api('DELETE', path + current.hint)).status).toBe(204);
    expect((await askFor(customerId, 1)).status).toBe(200);
    expect((await audited(customerId))[0].data).toMatchObject({ version: 1, grants: 'user-impersonation' });

    const former = rows.find(({ state }) => state === 'previous')!;
    expect((await tenant.api('DELETE', path + former.hint)).status).toBe(204);
    const refused = await askFor(customerId, 2);
    expect(refused).toMatchObject({
      status: 502,
      body: { code: 'CREDENTIAL_REFUSED', qlik: { status: 401, code: 'invalid_client' } },
    });
  });

  it('lets nobody in with a key that was revoked, in any process', async () => {
    const customerId = await ready('keyed');
    await remembered(customerId);
    const { apiKey } = stack;
    const id = apiKey.split('_')[1]!;
    await stack.test.database.sql.$executeRaw`UPDATE api_keys SET revoked_at = now() WHERE id = ${id}`;
    for (const index of apis.keys()) {
      while ((await askFor(customerId, 0, index)).status === 200);
      expect((await askFor(customerId, 0, index)).body.code).toBe('API_KEY_REVOKED');
    }
    await stack.test.database.sql.$executeRaw`UPDATE api_keys SET revoked_at = NULL WHERE id = ${id}`;
    for (const index of apis.keys()) while ((await askFor(customerId, 0, index)).status !== 200);
  });
});
