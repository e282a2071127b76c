import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { CustomersService, DryRunsService } from '@app/customers';
import { Database, Secret } from '@app/platform';
import { PausesService, RunRunner, RunsReader } from '@app/runs';
import type { TestingModule } from '@nestjs/testing';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/start-sandbox.js';
import { createMortalWorker } from '../mortal-process.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { testVault } from '../test-vault.js';

const parent = { clientId: 'parent', clientSecret: 'parent-secret-of-the-tests' };
const caller = { id: 'key-1', actor: 'api-key:key-1' };
const trace = { requestId: 'request-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };

let sandbox: Sandbox;
let test: TestDatabase;
let worker: TestingModule;

/** A worker that enters tenants of the region `eu` with this secret. */
const startWorker = (database: Database, clientSecret: string): Promise<TestingModule> =>
  createMortalWorker({
    database,
    vault: testVault,
    qlik: {
      endpoint: sandbox.url,
      parentClients: { eu: { clientId: parent.clientId, clientSecret: new Secret(clientSecret) } },
    },
    leaseMs: 30_000,
    timeoutMs: 2_000,
    listLagMs: 50,
  });

beforeAll(async () => {
  test = await createTestDatabase();
  sandbox = await startSandbox({ port: 0, parentClients: { eu: parent } });
  worker = await startWorker(test.database, parent.clientSecret);
});

afterAll(async () => {
  await worker.close();
  await sandbox.close();
  await test.close();
});

async function control(method: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${sandbox.url}/_sandbox${path}`, { method, headers, body: JSON.stringify(body) });
  expect(response.ok).toBe(true);
}

const fault = (tenantHost: string, operation: string, status: number) =>
  control('POST', '/faults', { tenantHost, operation, kind: 'status', status });

async function start(tenantHost: string): Promise<string> {
  const input = { externalId: tenantHost, name: tenantHost, tenantHost, redirectUris: [], allowedOrigins: [] };
  const wanted = { ...input, scopes: ['user_default'], metadata: {} };
  return (await worker.get(DryRunsService, { strict: false }).tryTenant(wanted, caller, trace)).id;
}

const read = (runId: string) => worker.get(RunsReader, { strict: false }).get(runId);

/** Wakes the run until it has come to a stop, and returns it. */
async function finish(runId: string, by = worker) {
  for (;;) {
    const result = await by.get(RunRunner, { strict: false }).execute(runId);
    if (result.kind !== 'wait') return read(runId);
    await delay(Math.ceil(result.forMs));
  }
}

/** Of the system's chain, the actions that name the run, oldest first. */
async function audited(runId: string): Promise<string[]> {
  const { events } = await new AuditTrail(test.database).list({ chain: 'system', limit: 100 });
  return events
    .filter(({ subject }) => (subject as { runId?: string }).runId === runId)
    .map(({ action }) => action)
    .reverse();
}

describe('a preflight', () => {
  it('says what it found, and makes nothing', async () => {
    const run = await finish(await start('fine.eu.qlikcloud.com'));
    expect(run).toMatchObject({ state: 'succeeded', customerId: null, holdsSlot: false, error: null });
    expect(run.steps.map(({ name, state, output }) => ({ name, state, output }))).toEqual([
      { name: 'get-parent-token', state: 'succeeded', output: { region: 'eu', parentAccepted: true } },
      { name: 'list-one-client', state: 'succeeded', output: { listAllowed: true, hasClients: false } },
    ]);
    expect(run.steps.map(({ attemptRows }) => (attemptRows[0]!.calls as object[]).length)).toEqual([1, 1]);
    expect(await audited(run.id)).toEqual(['preflight.requested', 'run.succeeded']);
    expect(await test.database.client.customer.count()).toBe(0);
    const state = await (await fetch(`${sandbox.url}/_sandbox/state?tenantHost=fine.eu.qlikcloud.com`)).json();
    expect(state).toMatchObject({ clients: [], clientsCreated: 0 });
  });

  it.each([
    [
      'the tenant is disabled',
      'TENANT_DISABLED',
      (host: string) => control('PUT', `/tenants/${host}`, { users: [], disabled: true }),
    ],
    ['there is no such tenant', 'TENANT_NOT_FOUND', (host: string) => fault(host, 'token', 404)],
    ['the parent client may not list', 'QLIK_FORBIDDEN', (host: string) => fault(host, 'list', 403)],
  ])('needs a person if %s: %s', async (_what, code, arrange) => {
    const host = `${code.toLowerCase().replaceAll('_', '-')}.eu.qlikcloud.com`;
    await arrange(host);
    const run = await finish(await start(host));
    expect(run).toMatchObject({ state: 'needs_attention', error: { code }, holdsSlot: false });
    expect(await audited(run.id)).toEqual(['preflight.requested', 'run.needs_attention']);
  });

  it('needs a person if the region has no parent client', async () => {
    const run = await finish(await start('acme.us.qlikcloud.com'));
    expect(run).toMatchObject({
      state: 'needs_attention',
      step: 'get-parent-token',
      error: { code: 'PARENT_NOT_CONFIGURED' },
    });
  });

  it('needs a person if the tenant refuses the parent client, and goes on once that is mended', async () => {
    const other = await startWorker(test.database, 'another-secret');
    const runId = await start('refused.eu.qlikcloud.com');
    const refused = await finish(runId, other);
    await other.close();
    expect(refused).toMatchObject({
      state: 'needs_attention',
      error: { code: 'PARENT_REFUSED', qlik: { status: 401 } },
    });
    const { revision } = refused;
    const change = { revision, reason: 'a test', actor: 'operator:ann', requestId: 'request-2' };
    await worker.get(CustomersService, { strict: false }).retryRun(runId, change);
    expect(await finish(runId)).toMatchObject({ state: 'succeeded', holdsSlot: false });
  });

  it('asks for a fresh token: one from before the tenant was disabled tells nothing', async () => {
    const host = 'later-disabled.eu.qlikcloud.com';
    expect(await finish(await start(host))).toMatchObject({ state: 'succeeded' });
    await control('PUT', `/tenants/${host}`, { users: [], disabled: true });
    expect(await finish(await start(host))).toMatchObject({
      error: { code: 'TENANT_DISABLED' },
      step: 'get-parent-token',
    });
  });

  it('may go on beside another of the same tenant', async () => {
    const ids = await Promise.all([start('both.eu.qlikcloud.com'), start('both.eu.qlikcloud.com')]);
    const runs = await Promise.all(ids.map((id) => finish(id)));
    expect(runs.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
  });

  it('is not taken up while its tenant is paused', async () => {
    const tenantHost = 'paused.eu.qlikcloud.com';
    const pauses = worker.get(PausesService, { strict: false });
    const by = { actor: 'operator:ann', requestId: 'request-3' };
    const { pause } = await pauses.set({ tenantHost, reason: 'maintenance', ...by });
    const runId = await start(tenantHost);
    expect(await finish(runId)).toMatchObject({ state: 'queued', startedAt: null });
    await pauses.lift(pause.id, by);
    expect(await finish(runId)).toMatchObject({ state: 'succeeded' });
  });

  it('that is cancelled takes nothing back', async () => {
    const runId = await start('cancelled.eu.qlikcloud.com');
    const { revision } = await read(runId);
    const change = { revision, reason: 'a test', actor: 'operator:ann', requestId: 'request-2' };
    await worker.get(CustomersService, { strict: false }).cancelRun(runId, change);
    expect(await finish(runId)).toMatchObject({ state: 'cancelled' });
    expect(await audited(runId)).toEqual(['preflight.requested', 'run.cancel_requested', 'run.cancelled']);
  });
});

describe('the rows of runs', () => {
  const insert = (row: object) =>
    test.database.client.run.create({
      data: { id: crypto.randomUUID(), plan: 'preflight', requestId: 'r', actor: 'a', deadlineAt: new Date(), ...row },
    });

  it.each([
    ['a run of another plan without a customer', { plan: 'onboarding', holdsSlot: false, input: { tenantHost: 'h' } }],
    ['a preflight that holds a slot', { holdsSlot: true, input: { tenantHost: 'h' } }],
    ['a preflight of no tenant', { holdsSlot: false, input: {} }],
  ])('cannot be %s', async (_what, row) => {
    await expect(insert(row)).rejects.toThrow(/runs_(customer|tenant)_check/);
  });
});
