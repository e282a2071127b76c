import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail, AuditVerification } from '@app/audit';
import { CustomersService } from '@app/customers';
import { RunRunner } from '@app/runs';
import pg from 'pg';
import { type Death, Life, ProcessDied } from '../mortal-process.js';
import { describeDeath, MortalWorkers, type Onboarding } from '../mortal-workers.js';

let workers: MortalWorkers;
let sql: pg.Client;

beforeAll(async () => {
  workers = await MortalWorkers.start();
  sql = new pg.Client({ connectionString: workers.test.url.reveal() });
  await sql.connect();
});

afterAll(async () => {
  await sql.end();
  await workers.close();
});

/** Has the doomed worker onboard a customer and die as told. */
async function onboardUntil(
  death: Death,
  faults: readonly object[],
): Promise<Onboarding & { death: Death; life: Life }> {
  const onboarding = await workers.withRoom(() => workers.accept());
  await workers.lose(onboarding.tenantHost, faults);
  const mayOutlive = faults.length > 0;
  return { ...onboarding, death, life: await workers.die(onboarding.runId, death, { mayOutlive }) };
}

/** Everything that must hold of an onboarding in the end, whatever happened on the way. */
async function outcomeOf(onboarding: Onboarding) {
  const { client } = workers.test.database;
  const { customerId, runId, tenantHost } = onboarding;
  const { clients, clientsCreated } = await workers.stateOf(tenantHost);
  const run = await client.run.findUniqueOrThrow({ where: { id: runId } });
  const customer = await client.customer.findUniqueOrThrow({ where: { id: customerId } });
  const recorded = await client.oAuthClient.findMany({ where: { customerId }, include: { secretVersions: true } });
  const { intact } = await new AuditVerification(workers.test.database).verify(customerId);
  const { events } = await new AuditTrail(workers.test.database).list({ customerId, limit: 100 });
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
    secret: await workers.useStoredSecret(onboarding),
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
  const onboarding = await workers.accept();
  await workers.lose(onboarding.tenantHost, faults);
  const life = new Life();
  await workers.deliver(workers.doomed, onboarding.runId, life);
  expect(await outcomeOf(onboarding)).toEqual(wellIn);
  return life.awaited;
}

/** Onboards one customer for every death, has the healthy worker recover them together, and returns how each ended. */
async function dieAndRecover(deaths: Death[], faults: readonly object[]) {
  const died = await Promise.all(deaths.map((death) => onboardUntil(death, faults)));
  await Promise.all(died.map(({ runId }) => workers.deliver(workers.healthy, runId)));
  return Promise.all(
    died.map(async (onboarding) => ({
      died: describeDeath(onboarding.life, onboarding.death),
      outcome: await workers.withRoom(() => outcomeOf(onboarding)),
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
    const onboarding = await workers.accept();
    const { runId, tenantHost } = onboarding;
    await workers.lose(tenantHost, [{ kind: 'status', status: 403, operation: 'config-patch' }]);
    await workers.deliver(workers.healthy, runId);
    const { state, revision } = await workers.test.database.client.run.findUniqueOrThrow({ where: { id: runId } });
    expect(state).toBe('needs_attention');
    const change = { revision, reason: 'by mistake', actor: 'test', requestId: runId };
    await workers.healthy.get(CustomersService, { strict: false }).cancelRun(runId, change);
    return onboarding;
  }

  async function remainsOf({ customerId, runId, tenantHost }: Onboarding) {
    const { client } = workers.test.database;
    const { events } = await new AuditTrail(workers.test.database).list({ customerId, limit: 100 });
    const times = (action: string): number => events.filter((event) => event.action === action).length;
    return {
      run: (await client.run.findUniqueOrThrow({ where: { id: runId } })).state,
      customer: (await client.customer.findUniqueOrThrow({ where: { id: customerId } })).state,
      clientsAtQlik: (await workers.stateOf(tenantHost)).clients.length,
      activeClients: await client.oAuthClient.count({ where: { customerId, state: 'active' } }),
      secretsKept: await client.secretVersion.count({ where: { customerId, sealed: { not: null } } }),
      auditIntact: (await new AuditVerification(workers.test.database).verify(customerId)).intact,
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
    await workers.deliver(workers.doomed, whole.runId, life);
    expect(await remainsOf(whole)).toEqual(nothing);
    expect(life.awaited).toContain('delete-oauth-client at Qlik');

    const deaths = life.awaited.map((_what, index): Death => ({ at: index + 1, when: 'after' }));
    const died = await Promise.all(
      deaths.map(async (death) => {
        const onboarding = await acceptAndCancel();
        const mortal = new Life(death);
        await expect(workers.deliver(workers.doomed, onboarding.runId, mortal)).rejects.toThrow(ProcessDied);
        return { ...onboarding, died: describeDeath(mortal, death) };
      }),
    );
    await Promise.all(died.map(({ runId }) => workers.deliver(workers.healthy, runId)));
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
    const onboarding = await workers.accept();
    await workers.deliver(workers.healthy, onboarding.runId);
    expect(await outcomeOf(onboarding)).toMatchObject(wellIn);
    const before = [await workers.stateOf(onboarding.tenantHost), await rows()];
    const runner = workers.healthy.get(RunRunner, { strict: false });
    expect(await runner.execute(onboarding.runId)).toEqual({ kind: 'idle' });
    const again = await Promise.all(Array.from({ length: 5 }, () => runner.execute(onboarding.runId)));
    expect(again).toEqual(Array.from({ length: 5 }, () => ({ kind: 'idle' })));
    expect([await workers.stateOf(onboarding.tenantHost), await rows()]).toEqual(before);
  });
});

describe('a wake-up that comes five times at once', () => {
  it('has the run done once, with no call to Qlik more', async () => {
    const [once, often] = [await workers.accept(), await workers.accept()];
    await workers.deliver(workers.healthy, once.runId);
    const runners = [workers.healthy, workers.doomed, workers.healthy, workers.doomed, workers.healthy].map((worker) =>
      worker.get(RunRunner, { strict: false }),
    );
    const results = await Promise.all(runners.map((runner) => runner.execute(often.runId)));
    expect(results.map(({ kind }) => kind).sort()).toEqual(['idle', 'idle', 'idle', 'idle', 'left']);
    expect((await workers.stateOf(often.tenantHost)).requests).toEqual(
      (await workers.stateOf(once.tenantHost)).requests,
    );
    expect(await outcomeOf(often)).toMatchObject(wellIn);
    const { steps, fence } = await workers.test.database.client.run.findUniqueOrThrow({
      where: { id: often.runId },
      include: { steps: true },
    });
    expect(steps.map(({ attempts }) => attempts)).toEqual(steps.map(({ state }) => (state === 'skipped' ? 0 : 1)));
    expect(fence).toBe(1);
  });
});
