import { createSecretKey } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail, AuditVerification } from '@app/audit';
import { CustomersService } from '@app/customers';
import { Secret } from '@app/platform';
import { TokensApi } from '@app/qlik';
import { RunRunner } from '@app/runs';
import { Vault } from '@app/vault';
import type { TestingModule } from '@nestjs/testing';
import pg from 'pg';
import { acceptCustomer } from '../accept-customer.js';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/start-sandbox.js';
import { createMortalWorker, type Death, Life, ProcessDied } from '../mortal-process.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const parent = { clientId: 'parent', clientSecret: 'parent-secret-of-the-tests' };
const LEASE_MS = 1_000;
/** What the test does at one time, so that no lease ends for want of a connection. */
const BREADTH = 8;

let test: TestDatabase;
let sql: pg.Client;
let sandbox: Sandbox;
/** One of the workers dies, run by run; the other is the healthy one that takes over. */
let doomed: TestingModule;
let healthy: TestingModule;

beforeAll(async () => {
  test = await createTestDatabase();
  sql = new pg.Client({ connectionString: test.url.reveal() });
  await sql.connect();
  sandbox = await startSandbox({ port: 0, parentClients: { eu: parent } });
  const parts = {
    database: test.database,
    vault: {
      NODE_ENV: 'test' as const,
      KEY_PROVIDER: 'local' as const,
      LOCAL_KEYS: [{ id: 'test', key: createSecretKey(Buffer.alloc(32, 7)) }],
      DATA_DIR: 'unused',
    },
    qlik: {
      endpoint: sandbox.url,
      parentClients: { eu: { clientId: parent.clientId, clientSecret: new Secret(parent.clientSecret) } },
    },
    leaseMs: LEASE_MS,
    timeoutMs: 400,
    listLagMs: 100,
  };
  doomed = await createMortalWorker(parts);
  healthy = await createMortalWorker(parts);
});

afterAll(async () => {
  await doomed.close();
  await healthy.close();
  await sandbox.close();
  await sql.end();
  await test.close();
});

interface Onboarding {
  name: string;
  tenantHost: string;
  customerId: string;
  runId: string;
}

let accepted = 0;

async function accept(): Promise<Onboarding> {
  accepted += 1;
  const name = `crash-${accepted}`;
  const tenantHost = `${name}.eu.qlikcloud.com`;
  const { customer, run } = await acceptCustomer(healthy.get(CustomersService, { strict: false }), name, tenantHost);
  return { name, tenantHost, customerId: customer.id, runId: run.id };
}

/** Delivers a run's wake-ups as the queue and the sweep would, until it comes to its end. */
async function deliver(worker: TestingModule, runId: string, life = new Life()): Promise<void> {
  const runner = worker.get(RunRunner, { strict: false });
  for (;;) {
    const result = await withRoom(() => life.live(() => runner.execute(runId)));
    if (result.kind === 'wait') await delay(Math.ceil(result.forMs));
    const { state, leaseUntil } = await test.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    if (!['queued', 'running', 'waiting'].includes(state)) return;
    // Held by a process that may be dead: the sweep looks again when the lease has ended.
    if (result.kind === 'idle' && leaseUntil !== null) await delay(Math.max(0, leaseUntil.getTime() - Date.now()) + 5);
  }
}

let working = 0;
const queue: (() => void)[] = [];

/** At most BREADTH at once. */
async function withRoom<T>(work: () => Promise<T>): Promise<T> {
  if (working === BREADTH) await new Promise<void>((resolve) => queue.push(resolve));
  else working += 1;
  try {
    return await work();
  } finally {
    const next = queue.shift();
    if (next === undefined) working -= 1;
    else next();
  }
}

/** Has the doomed worker onboard a customer and die as told. */
async function onboardUntil(
  death: Death,
  faults: readonly object[],
): Promise<Onboarding & { death: Death; life: Life }> {
  const onboarding = await withRoom(accept);
  await lose(onboarding.tenantHost, faults);
  const life = new Life(death);
  const end = await deliver(doomed, onboarding.runId, life).catch((error: unknown) => error);
  if (!(end instanceof ProcessDied))
    throw new Error(`The process did not die at ${describeDeath(life, death)}.`, { cause: end });
  return { ...onboarding, death, life };
}

async function lose(tenantHost: string, faults: readonly object[]): Promise<void> {
  for (const fault of faults) {
    const response = await fetch(`${sandbox.url}/_sandbox/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...fault, tenantHost, times: 1 }),
    });
    expect(response.status).toBe(201);
  }
}

const describeDeath = (life: Life, { at, when }: Death): string => `${when} await ${at}: ${life.awaited[at - 1]}`;

const stateOf = async (tenantHost: string): Promise<any> =>
  (await fetch(`${sandbox.url}/_sandbox/state?tenantHost=${tenantHost}`)).json();

/** The status with which Qlik's token endpoint answers to the secret as it is stored. */
async function useStoredSecret({ customerId, tenantHost }: Onboarding): Promise<string> {
  const [row, more] = await test.database.client.secretVersion.findMany({
    where: { customerId, state: 'current' },
    include: { oauthClient: true },
  });
  if (row?.sealed == null || more !== undefined) return 'not exactly one current secret';
  const place = { owner: { kind: 'customer', id: customerId }, secretId: row.id, version: row.version } as const;
  const clientSecret = await healthy
    .get(Vault, { strict: false })
    .open({ sealed: row.sealed, dataKeyId: row.dataKeyId }, { ...place, purpose: 'impersonation-client-secret' });
  const { clientId } = row.oauthClient;
  return healthy
    .get(TokensApi, { strict: false })
    .clientCredentials({ host: tenantHost, clientId, clientSecret })
    .then(() => 'works', String);
}

/** Everything that must hold of an onboarding in the end, whatever happened on the way. */
async function outcomeOf(onboarding: Onboarding) {
  const { client } = test.database;
  const { customerId, runId, tenantHost } = onboarding;
  const { clients, clientsCreated } = await stateOf(tenantHost);
  const run = await client.run.findUniqueOrThrow({ where: { id: runId } });
  const customer = await client.customer.findUniqueOrThrow({ where: { id: customerId } });
  const recorded = await client.oAuthClient.findMany({ where: { customerId }, include: { secretVersions: true } });
  const { intact } = await new AuditVerification(test.database).verify(customerId);
  const { events } = await new AuditTrail(test.database).list({ customerId, limit: 100 });
  const actions = events.map(({ action }) => action);
  const hints = clients.flatMap((one: any) => one.hints.map((hint: any) => hint.hint ?? hint));
  return {
    run: run.state,
    error: run.error,
    customer: customer.state,
    posts: clientsCreated,
    clientsAtQlik: clients.length,
    trusted: clients.every((one: any) => one.consentMethod === 'trusted'),
    hintsAtQlik: hints.length,
    recordedClient: recorded.length === 1 && recorded[0]?.clientId === clients[0]?.clientId,
    recordedHint: recorded[0]?.secretVersions.length === 1 && recorded[0].secretVersions[0]?.hint === hints[0],
    secret: await useStoredSecret(onboarding),
    auditIntact: intact,
    toldOnce: [/^oauth_client\.(created|adopted)$/, /^secret\.stored$/, /^customer\.ready$/, /^run\.succeeded$/].every(
      (told) => actions.filter((action) => told.test(action)).length === 1,
    ),
  };
}

const wellIn = {
  run: 'succeeded',
  error: null,
  customer: 'ready',
  posts: 1,
  clientsAtQlik: 1,
  trusted: true,
  hintsAtQlik: 1,
  recordedClient: true,
  recordedHint: true,
  secret: 'works',
  auditIntact: true,
  toldOnce: true,
};

/** What the sandbox does to the onboardings that die, so that they die on other paths as well. */
const paths: Record<string, readonly object[]> = {
  'an onboarding': [],
  'an onboarding that adopts a client whose answer was lost': [{ kind: 'reset-after', operation: 'create' }],
  'an adoption whose secret was lost as well': [
    { kind: 'reset-after', operation: 'create' },
    { kind: 'reset-after', operation: 'secret-create' },
  ],
};

/** What an onboarding that nothing kills awaits. */
async function listAwaits(faults: readonly object[]): Promise<string[]> {
  const onboarding = await accept();
  await lose(onboarding.tenantHost, faults);
  const life = new Life();
  await deliver(doomed, onboarding.runId, life);
  expect(await outcomeOf(onboarding)).toEqual(wellIn);
  return life.awaited;
}

/** Onboards one customer for every death, has the healthy worker recover them together, and returns how each ended. */
async function dieAndRecover(deaths: Death[], faults: readonly object[]) {
  const died = await Promise.all(deaths.map((death) => onboardUntil(death, faults)));
  await Promise.all(died.map(({ runId }) => deliver(healthy, runId)));
  return Promise.all(
    died.map(async (onboarding) => ({
      died: describeDeath(onboarding.life, onboarding.death),
      outcome: await withRoom(() => outcomeOf(onboarding)),
    })),
  );
}

describe('a process that dies at any await leaves exactly one working secret', () => {
  const proofs = new Map<string, { awaits: string[]; ends: ReturnType<typeof dieAndRecover> }>();

  // Most of their time is spent waiting for leases to end: all at once.
  beforeAll(async () => {
    let former: string[] = [];
    for (const [path, faults] of Object.entries(paths)) {
      const awaits = await listAwaits(faults);
      const shared = awaits.findIndex((what, index) => what !== former[index]);
      const deaths = awaits.flatMap((_what, index): Death[] => [
        { at: index + 1, when: 'before' },
        { at: index + 1, when: 'after' },
      ]);
      // Dying before an await and after the one in front of it are the same to the outside: proved on the first path, then taken for granted.
      const chosen = former.length === 0 ? deaths : deaths.filter(({ at, when }) => at > shared && when === 'after');
      proofs.set(path, { awaits, ends: dieAndRecover(chosen, faults) });
      former = awaits;
    }
    await Promise.allSettled([...proofs.values()].map(({ ends }) => ends));
  }, 120_000);

  it.each(Object.keys(paths))('of %s', async (path) => {
    const proof = proofs.get(path);
    const ends = (await proof?.ends) ?? [];
    expect(proof?.awaits).toContain('create-oauth-client at Qlik');
    expect(ends.length).toBeGreaterThan(40);
    expect(ends.filter(({ outcome }) => !isDeepStrictEqual(outcome, wellIn))).toEqual([]);
  });
});

describe('a process that dies while it takes a cancelled run back', () => {
  /** A run that made a client, came to a stop, and was then cancelled. */
  async function acceptAndCancel(): Promise<Onboarding> {
    const onboarding = await accept();
    const { runId, tenantHost } = onboarding;
    await lose(tenantHost, [{ kind: 'status', status: 403, operation: 'config-patch' }]);
    await deliver(healthy, runId);
    const { state, revision } = await test.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    expect(state).toBe('needs_attention');
    const change = { revision, reason: 'by mistake', actor: 'test', requestId: runId };
    await healthy.get(CustomersService, { strict: false }).cancelRun(runId, change);
    return onboarding;
  }

  async function remainsOf({ customerId, runId, tenantHost }: Onboarding) {
    const { client } = test.database;
    const { events } = await new AuditTrail(test.database).list({ customerId, limit: 100 });
    const times = (action: string): number => events.filter((event) => event.action === action).length;
    return {
      run: (await client.run.findUniqueOrThrow({ where: { id: runId } })).state,
      customer: (await client.customer.findUniqueOrThrow({ where: { id: customerId } })).state,
      clientsAtQlik: (await stateOf(tenantHost)).clients.length,
      activeClients: await client.oAuthClient.count({ where: { customerId, state: 'active' } }),
      secretsKept: await client.secretVersion.count({ where: { customerId, sealed: { not: null } } }),
      auditIntact: (await new AuditVerification(test.database).verify(customerId)).intact,
      told: [times('oauth_client.deleted'), times('run.cancelled')],
    };
  }

  const nothing = {
    run: 'cancelled',
    customer: 'failed',
    clientsAtQlik: 0,
    activeClients: 0,
    secretsKept: 0,
    auditIntact: true,
    told: [1, 1],
  };

  it('leaves nothing behind, at whatever await', async () => {
    const whole = await acceptAndCancel();
    const life = new Life();
    await deliver(doomed, whole.runId, life);
    expect(await remainsOf(whole)).toEqual(nothing);
    expect(life.awaited).toContain('delete-oauth-client at Qlik');

    const deaths = life.awaited.map((_what, index): Death => ({ at: index + 1, when: 'after' }));
    const died = await Promise.all(
      deaths.map(async (death) => {
        const onboarding = await acceptAndCancel();
        const mortal = new Life(death);
        await expect(deliver(doomed, onboarding.runId, mortal)).rejects.toThrow(ProcessDied);
        return { ...onboarding, died: describeDeath(mortal, death) };
      }),
    );
    await Promise.all(died.map(({ runId }) => deliver(healthy, runId)));
    const ends = await Promise.all(died.map(async (one) => ({ died: one.died, left: await remainsOf(one) })));
    expect(ends.filter(({ left }) => !isDeepStrictEqual(left, nothing))).toEqual([]);
  }, 60_000);
});

describe('a run that has ended', () => {
  /** Every row there is, by its place and the transaction that wrote it. */
  const rows = async () => {
    const tables = await sql.query<{ name: string }>(
      "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    );
    const all: object[] = [];
    for (const { name } of tables.rows)
      all.push((await sql.query(`SELECT xmin, ctid FROM ${name} ORDER BY ctid`)).rows);
    return all;
  };

  it('is not touched by any wake-up: no call to Qlik, no write', async () => {
    const onboarding = await accept();
    await deliver(healthy, onboarding.runId);
    expect(await outcomeOf(onboarding)).toMatchObject(wellIn);
    const before = [await stateOf(onboarding.tenantHost), await rows()];
    const runner = healthy.get(RunRunner, { strict: false });
    expect(await runner.execute(onboarding.runId)).toEqual({ kind: 'idle' });
    const again = await Promise.all(Array.from({ length: 5 }, () => runner.execute(onboarding.runId)));
    expect(again).toEqual(Array.from({ length: 5 }, () => ({ kind: 'idle' })));
    expect([await stateOf(onboarding.tenantHost), await rows()]).toEqual(before);
  });
});

describe('a wake-up that comes five times at once', () => {
  it('has the run done once, with no call to Qlik more', async () => {
    const [once, often] = [await accept(), await accept()];
    await deliver(healthy, once.runId);
    const runners = [healthy, doomed, healthy, doomed, healthy].map((worker) =>
      worker.get(RunRunner, { strict: false }),
    );
    const results = await Promise.all(runners.map((runner) => runner.execute(often.runId)));
    expect(results.map(({ kind }) => kind).sort()).toEqual(['idle', 'idle', 'idle', 'idle', 'left']);
    expect((await stateOf(often.tenantHost)).requests).toEqual((await stateOf(once.tenantHost)).requests);
    expect(await outcomeOf(often)).toMatchObject(wellIn);
    const { steps, fence } = await test.database.client.run.findUniqueOrThrow({
      where: { id: often.runId },
      include: { steps: true },
    });
    expect(steps.map(({ attempts }) => attempts)).toEqual(steps.map(({ state }) => (state === 'skipped' ? 0 : 1)));
    expect(fence).toBe(1);
  });
});
