import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ROTATION_STEPS, RotationDefaults, rotationSettings, RotationsService, RotationStart } from '@app/customers';
import { DomainError, parseConfig, type RunState } from '@app/platform';
import { RotationSweep } from '@app/provisioning';
import { needsAttention, type Plan, RunSuccession, type RunWaker, waitUntil } from '@app/runs';
import { pino } from 'pino';
import { DueCustomers } from '../../libs/provisioning/src/due-customers.js';
import { FakeStep, Gate, RunsHarness, type RunsProcess, TestPlan } from './runs-harness.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LEASE_MS = 30_000;

type StepName = 'mint' | 'verify' | 'promote' | 'grace' | 'retire' | 'prove-revoked' | null;
type Ask = 'graceful' | 'emergency' | 'rollback' | 'schedule';

const STEPS: readonly StepName[] = [null, 'mint', 'verify', 'promote', 'grace', 'retire', 'prove-revoked'];
const EARLY: readonly StepName[] = [null, 'mint', 'verify', 'promote'];
const OPEN: readonly RunState[] = ['queued', 'running', 'waiting'];
const STOPPED: readonly RunState[] = ['failed', 'needs_attention'];

const caller = { id: 'test', actor: 'operator:ann' };
const trace = { requestId: 'request-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };

const SHARING: readonly string[] = ['grace', 'prove-revoked'];

/** The steps of a rotation by name; those of SHARING leave the customer to others. */
const steps = ROTATION_STEPS.map((name) =>
  Object.assign(new FakeStep(name, []), SHARING.includes(name) ? { sharesCustomer: true as const } : {}),
);
const stepOf = (name: (typeof ROTATION_STEPS)[number]): FakeStep => steps[ROTATION_STEPS.indexOf(name)]!;
const other = new TestPlan('another-plan');
let harness: RunsHarness;
let rotations: RotationsService;
let process: RunsProcess & ReturnType<RunsHarness['process']>;

beforeAll(async () => {
  harness = await RunsHarness.start();
  const { database, service, audit } = harness;
  const defaults = defaultsOf({});
  const succession = new RunSuccession(audit);
  rotations = new RotationsService(
    database,
    service,
    succession,
    new RotationStart(service, succession, audit, defaults),
    audit,
  );
  const plan: Plan = {
    name: 'rotation',
    steps,
    explain: () => undefined,
    onEnd: () => Promise.resolve([]),
  };
  process = harness.process([plan, other]);
});
afterAll(() => harness.close());
// What a test leaves due must not be swept by the next.
afterEach(async () => {
  for (const step of [...steps, other.first]) step.does = () => Promise.resolve({ output: {} });
  await harness.database.client.customer.updateMany({ data: { nextRotationAt: null } });
});

const defaultsOf = (env: Record<string, string>) => new RotationDefaults(parseConfig(rotationSettings, env));

/** A sweep as another process would make it; its wake-ups go nowhere. */
function newSweep(): RotationSweep {
  const { database, service, audit } = harness;
  const defaults = defaultsOf({});
  const succession = new RunSuccession(audit);
  const waker: RunWaker = harness.newWaker(() => undefined);
  const start = new RotationStart(service, succession, audit, defaults);
  const logger = pino({ level: 'silent' });
  return new RotationSweep(new DueCustomers(database, waker, logger), start, succession, defaults, logger);
}

const sweep = (): Promise<number> => newSweep().sweep();

interface Ready {
  customerId: string;
  /** Of the versions, the oldest first; the last is current. */
  versionIds: string[];
}

/** A customer that is ready and due for rotation, with secrets the last of which is current. */
async function ready({
  rotation = null,
  dueAt = new Date(0),
  versions = 1,
}: { rotation?: object | null; dueAt?: Date | null; versions?: number } = {}): Promise<Ready> {
  const { client } = harness.database;
  const customerId = await harness.customer();
  await client.customer.update({
    where: { id: customerId },
    data: { state: 'ready', nextRotationAt: dueAt, ...(rotation === null ? {} : { rotation }) },
  });
  const dataKeyId = randomUUID();
  const oauthClientId = randomUUID();
  const versionIds = Array.from({ length: versions }, () => randomUUID());
  await client.dataKey.create({
    data: { id: dataKeyId, owner: 'customer', ownerId: customerId, keyEncryptionKeyId: 'key', wrapped: 'wrapped' },
  });
  await client.oAuthClient.create({
    data: {
      ...{ id: oauthClientId, customerId, tenantHost: `${customerId}.eu.qlikcloud.com`, clientId: 'client' },
      ...{ clientName: 'name', createdByRun: randomUUID() },
    },
  });
  await client.secretVersion.createMany({
    data: versionIds.map((id, index) => ({
      ...{ id, customerId, oauthClientId, dataKeyId, version: index + 1, sealed: 'sealed', hint: `hint${index}` },
      state: index === versions - 1 ? ('current' as const) : ('previous' as const),
    })),
  });
  return { customerId, versionIds };
}

interface Earlier {
  state: RunState;
  step: string | null;
  input?: object;
  holdsSlot?: boolean;
  plan?: string;
  deadlineAt?: Date;
}

/** A run that began earlier and stands as told; it holds the slot where a worker would have left it. */
async function earlier(
  customerId: string,
  { state, step, input = { mode: 'graceful' }, plan = 'rotation', ...row }: Earlier,
): Promise<string> {
  const id = randomUUID();
  const shares = step !== null && SHARING.includes(step);
  await harness.database.client.run.create({
    data: {
      ...{ id, customerId, plan, input, state, step, requestId: 'request-0', actor: 'test' },
      deadlineAt: row.deadlineAt ?? new Date(Date.now() + HOUR_MS),
      holdsSlot: row.holdsSlot ?? (!shares && state !== 'failed'),
      leaseUntil: state === 'running' ? new Date(Date.now() + HOUR_MS) : null,
      nextRunAt: state === 'waiting' ? new Date(Date.now() + HOUR_MS) : null,
      finishedAt: STOPPED.includes(state) ? new Date() : null,
      error: STOPPED.includes(state) ? { code: 'X', message: 'x' } : undefined,
    },
  });
  return id;
}

/** Asks for a rotation; returns the code it is refused with. */
async function ask(what: Ask, customerId: string): Promise<string | undefined> {
  try {
    if (what === 'schedule') await sweep();
    else if (what === 'rollback') await rotations.rollback(customerId, { reason: 'a test' }, caller, trace);
    else await rotations.start(customerId, { mode: what, reason: 'a test' }, caller, trace);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

const runsOf = (customerId: string, plan = 'rotation') =>
  harness.database.client.run.findMany({ where: { customerId, plan }, orderBy: { createdAt: 'asc' } });

const nextRotationOf = async (customerId: string): Promise<Date | null> =>
  (await harness.database.client.customer.findUniqueOrThrow({ where: { id: customerId } })).nextRotationAt;

/** Delivers a run's wake-ups as the queue would, as long as it goes on at once. */
async function deliver(runId: string): Promise<void> {
  for (let deliveries = 0; deliveries < 10; deliveries += 1) {
    await process.runner.execute(runId);
    if ((await harness.read(runId)).state !== 'queued') return;
  }
}

const claim = (runId: string) => process.claims.claim(runId, LEASE_MS, process.registry);

/** What asking has come to, in a word. */
async function consequence(what: Ask, customerId: string, formerId: string): Promise<string> {
  const before = await harness.read(formerId);
  const refusal = await ask(what, customerId);
  const after = await harness.read(formerId);
  const others = (await runsOf(customerId)).filter(({ id }) => id !== formerId);
  const isScheduled = (await nextRotationOf(customerId)) !== null;
  if (refusal !== undefined || (what === 'schedule' && isScheduled)) {
    expect(others).toEqual([]);
    expect(after).toEqual(before);
    return refusal ?? 'postponed';
  }
  expect(isScheduled).toBe(false);
  if (others.length === 0) {
    const mode = (after.input as { mode: string }).mode;
    expect(OPEN).toContain(after.state);
    return `goes on, ${mode}`;
  }
  const [next] = others;
  expect(others).toHaveLength(1);
  expect(next).toMatchObject({ state: 'queued', step: null, input: { mode: what === 'schedule' ? 'graceful' : what } });
  if (after.state === 'cancelled') {
    expect(after).toMatchObject({ error: { code: 'SUPERSEDED' }, holdsSlot: false, leaseUntil: null, nextRunAt: null });
    expect(after.fence).toBe(before.fence + 1);
    expect((after.error as { message: string }).message).toContain(next!.id);
    return 'is taken over';
  }
  return 'is left alone';
}

describe('who may begin a rotation', () => {
  const cases = [...OPEN, ...STOPPED].flatMap((state) => STEPS.map((step) => ({ state, step })));
  const isStopped = (state: RunState) => STOPPED.includes(state);

  /** What becomes of an earlier graceful rotation. */
  const expected: Record<Ask, (state: RunState, step: StepName) => string> = {
    graceful: (state, step) => {
      if (!isStopped(state)) return 'ROTATION_ACTIVE';
      return EARLY.includes(step) ? 'goes on, graceful' : 'is taken over';
    },
    schedule: (state, step) => {
      if (!isStopped(state)) return 'postponed';
      const failedToRetire = state === 'failed' && (step === 'retire' || step === 'prove-revoked');
      return EARLY.includes(step) || failedToRetire ? 'goes on, graceful' : 'is taken over';
    },
    emergency: (_state, step) => (EARLY.includes(step) ? 'goes on, emergency' : 'is taken over'),
    rollback: (_state, step) => (step === 'grace' ? 'is taken over' : 'NOTHING_TO_ROLL_BACK'),
  };

  it.each(Object.keys(expected) as Ask[])('beside an earlier one, by its state and step: %s', async (what) => {
    const seen: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    for (const { state, step } of cases) {
      const { customerId } = await ready({ versions: 2 });
      const name = `${state} at ${step ?? 'no step'}`;
      seen[name] = await consequence(what, customerId, await earlier(customerId, { state, step }));
      wanted[name] = expected[what](state, step);
    }
    expect(seen).toEqual(wanted);
    expect(new Set(Object.values(seen)).size).toBeGreaterThan(1);
  });

  it.each<[Ask, RunState, string]>([
    ['graceful', 'waiting', 'ROTATION_ACTIVE'],
    ['graceful', 'needs_attention', 'is taken over'],
    ['schedule', 'running', 'postponed'],
    ['schedule', 'failed', 'is taken over'],
    ['emergency', 'running', 'is taken over'],
    ['emergency', 'waiting', 'is taken over'],
    ['emergency', 'needs_attention', 'is taken over'],
  ])(
    'a way back that has not arrived is no beginning for another: %s beside one that is %s',
    async (what, state, end) => {
      const { customerId, versionIds } = await ready({ versions: 2 });
      const input = { mode: 'rollback', restores: versionIds[0] };
      expect(await consequence(what, customerId, await earlier(customerId, { state, step: 'verify', input }))).toBe(
        end,
      );
    },
  );

  it('a rollback goes back to the newest secret that is still there', async () => {
    const { customerId, versionIds } = await ready({ versions: 4 });
    await harness.database.client.secretVersion.update({
      where: { id: versionIds[2]! },
      data: { retiredAt: new Date() },
    });
    await earlier(customerId, { state: 'waiting', step: 'grace' });
    await ask('rollback', customerId);
    expect((await runsOf(customerId))[1]).toMatchObject({ input: { mode: 'rollback', restores: versionIds[1] } });
  });

  it('a rollback is refused when no older secret is left', async () => {
    const { customerId } = await ready();
    await earlier(customerId, { state: 'waiting', step: 'grace' });
    expect(await ask('rollback', customerId)).toBe('NOTHING_TO_ROLL_BACK');
  });

  it.each(['onboarding', 'failed', 'offboarding', 'offboarded'] as const)(
    'nobody, of a customer that is %s',
    async (state) => {
      const { customerId } = await ready();
      await harness.database.client.customer.update({ where: { id: customerId }, data: { state } });
      const code = state === 'offboarded' ? 'CUSTOMER_OFFBOARDED' : 'CUSTOMER_NOT_READY';
      expect(await ask('graceful', customerId)).toBe(code);
      expect(await ask('emergency', customerId)).toBe(code);
      expect(await ask('rollback', customerId)).toBe(code);
      expect(await sweep()).toBe(0);
      expect(await runsOf(customerId)).toEqual([]);
    },
  );

  it('says so in the audit, with the reason', async () => {
    const { customerId } = await ready();
    await earlier(customerId, { state: 'failed', step: 'retire' });
    await ask('emergency', customerId);
    expect(await harness.audited(customerId)).toEqual(['run.superseded', 'rotation.requested']);
  });

  it('wakes what begins', async () => {
    const { customerId } = await ready();
    await ask('graceful', customerId);
    const [run] = await runsOf(customerId);
    expect(harness.woken.filter(({ runId }) => runId === run!.id)).toHaveLength(1);
  });
});

describe('the slot of the customer', () => {
  it('is held by a rotation that begins, and refuses it to another', async () => {
    const { customerId } = await ready();
    await harness.queue(other, { customerId });
    expect(await ask('graceful', customerId)).toBe('CUSTOMER_BUSY');
    expect(await ask('schedule', customerId)).toBeUndefined();
    expect(await runsOf(customerId)).toEqual([]);
  });

  it('is not asked of an emergency, which takes it as soon as it is free', async () => {
    const { customerId } = await ready();
    const holder = await harness.queue(other, { customerId });
    expect(await ask('emergency', customerId)).toBeUndefined();
    const [run] = await runsOf(customerId);
    expect(run).toMatchObject({ state: 'queued', holdsSlot: false });
    expect(await claim(run!.id)).toBeUndefined();
    await process.runner.execute(holder.id);
    expect(await claim(run!.id)).toBeDefined();
    expect((await harness.read(run!.id)).holdsSlot).toBe(true);
  });

  it('is taken for an emergency from a run that waits for a person', async () => {
    const { customerId } = await ready();
    const stopped = await earlier(customerId, { state: 'needs_attention', step: 'second', plan: other.name });
    await ask('emergency', customerId);
    const [run] = await runsOf(customerId);
    await deliver(run!.id);
    expect((await harness.read(run!.id)).state).toBe('succeeded');
    expect(await harness.read(stopped)).toMatchObject({ state: 'needs_attention', holdsSlot: false });
  });

  it('is taken for an emergency from a run that comes to wait for a person while it is waited for', async () => {
    const { customerId } = await ready();
    const holder = await harness.queue(other, { customerId });
    const gate = new Gate();
    other.first.does = async () => {
      await gate.pass();
      throw needsAttention({ code: 'X', message: 'Somebody must look.' });
    };
    const walked = process.runner.execute(holder.id);
    await gate.reached;
    await ask('emergency', customerId);
    const [run] = await runsOf(customerId);
    expect(await process.runner.execute(run!.id)).toEqual({ kind: 'idle' });
    gate.open();
    await walked;
    expect((await harness.read(holder.id)).state).toBe('needs_attention');
    await deliver(run!.id);
    expect((await harness.read(run!.id)).state).toBe('succeeded');
  });

  it('is left at a step that shares the customer, and taken again by a claim of its own', async () => {
    const { customerId } = await ready();
    await ask('graceful', customerId);
    const [run] = await runsOf(customerId);
    const gate = new Gate();
    stepOf('grace').does = async () => {
      await gate.pass();
      return { output: {} };
    };
    const walked = process.runner.execute(run!.id);
    await gate.reached;
    expect(await harness.read(run!.id)).toMatchObject({ state: 'running', step: 'grace', holdsSlot: false });
    const meanwhile = await harness.queue(other, { customerId });
    gate.open();
    expect(await walked).toEqual({ kind: 'left' });
    expect(await harness.read(run!.id)).toMatchObject({ state: 'queued', step: 'retire', holdsSlot: false });
    expect(await process.runner.execute(run!.id)).toEqual({ kind: 'idle' });
    await process.runner.execute(meanwhile.id);
    await process.runner.execute(run!.id);
    expect((await harness.states(run!.id)).state).toBe('succeeded');
  });

  it('is given up again once the old secret is deleted, before that is proved', async () => {
    const { customerId } = await ready();
    await ask('graceful', customerId);
    const [run] = await runsOf(customerId);
    const gate = new Gate();
    stepOf('prove-revoked').does = async () => {
      await gate.pass();
      return { output: {} };
    };
    await process.runner.execute(run!.id);
    const walked = process.runner.execute(run!.id);
    await gate.reached;
    expect(await harness.read(run!.id)).toMatchObject({ state: 'running', step: 'prove-revoked', holdsSlot: false });
    gate.open();
    await walked;
  });

  it('goes to one of several that claim it at once', async () => {
    const rounds = Array.from({ length: 10 }, async () => {
      const { customerId } = await ready();
      const ids = await Promise.all(
        ['retire' as const, null].map((step) => earlier(customerId, { state: 'queued', step, holdsSlot: false })),
      );
      const claims = await Promise.all([...ids, ...ids].map(claim));
      const holders = (await runsOf(customerId)).filter(({ holdsSlot }) => holdsSlot);
      return [claims.filter((claimed) => claimed !== undefined).length, holders.length];
    });
    expect(await Promise.all(rounds)).toEqual(rounds.map(() => [1, 1]));
  });
});

describe('a sweep', () => {
  it('begins a rotation of each customer that is due, once', async () => {
    const due = await ready({ dueAt: new Date(Date.now() - 1_000) });
    const later = await ready({ dueAt: new Date(Date.now() + HOUR_MS) });
    const never = await ready({ dueAt: null });
    expect(await sweep()).toBe(1);
    expect(await runsOf(due.customerId)).toMatchObject([
      { actor: 'schedule', reason: 'The rotation was due.', input: { mode: 'graceful' }, holdsSlot: true },
    ]);
    expect(await nextRotationOf(due.customerId)).toBeNull();
    expect([...(await runsOf(later.customerId)), ...(await runsOf(never.customerId))]).toEqual([]);
    expect(await sweep()).toBe(0);
  });

  it('of which several run at once begins no customer twice', async () => {
    const customers = await Promise.all(Array.from({ length: 60 }, () => ready()));
    const begun = await Promise.all(Array.from({ length: 4 }, () => sweep()));
    expect(begun.reduce((sum, count) => sum + count)).toBe(60);
    const counts = await Promise.all(customers.map(async ({ customerId }) => (await runsOf(customerId)).length));
    expect(new Set(counts)).toEqual(new Set([1]));
  });

  it('goes on until nothing is due', async () => {
    await Promise.all(Array.from({ length: 120 }, () => ready()));
    expect(await sweep()).toBe(120);
  });

  it('begins so many at most, and leaves the others to the next', async () => {
    const customerIds = Array.from({ length: 530 }, () => randomUUID());
    await harness.database.client.customer.createMany({
      data: customerIds.map((id) => ({
        ...{ id, externalId: id, name: id, tenantHost: `${id}.eu.qlikcloud.com` },
        state: 'ready' as const,
        nextRotationAt: new Date(0),
      })),
    });
    expect([await sweep(), await sweep(), await sweep()]).toEqual([500, 30, 0]);
  });

  it('waits for the end of a blackout', async () => {
    const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
    const hour = new Date(Date.now() + DAY_MS - HOUR_MS).getUTCHours();
    const time = (hours: number) => `${String(hours % 24).padStart(2, '0')}:00`;
    const rotation = { blackout: [{ from: time(hour), to: time(hour + 4), days }] };
    const { customerId } = await ready({ rotation });
    expect(await sweep()).toBe(0);
    expect(await runsOf(customerId)).toEqual([]);
    const at = await nextRotationOf(customerId);
    expect([at!.getUTCHours(), at!.getUTCMinutes()]).toEqual([(hour + 4) % 24, 0]);
    expect(at!.getTime()).toBeGreaterThan(Date.now());
    expect(at!.getTime()).toBeLessThan(Date.now() + 4 * HOUR_MS);
  });

  it('leaves a customer alone for a minute that another run changes, or whose rotation is under way', async () => {
    const busy = await ready();
    await harness.queue(other, { customerId: busy.customerId });
    const rotating = await ready();
    await earlier(rotating.customerId, { state: 'waiting', step: 'grace' });
    const [{ now }] = await harness.database.client.$queryRaw<[{ now: Date }]>`SELECT now() AS now`;
    expect(await sweep()).toBe(0);
    for (const { customerId } of [busy, rotating]) {
      const waitMs = (await nextRotationOf(customerId))!.getTime() - now.getTime();
      expect(waitMs).toBeGreaterThanOrEqual(60_000);
      expect(waitMs).toBeLessThan(120_000);
    }
  });

  it('neither waits for a run that a worker is writing, nor begins beside it', async () => {
    const { customerId } = await ready();
    const runId = await earlier(customerId, { state: 'failed', step: 'retire' });
    const gate = new Gate();
    const writing = harness.database.sqlTransaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM runs WHERE id = ${runId}::uuid FOR UPDATE`;
      await gate.pass();
    });
    await gate.reached;
    expect(await sweep()).toBe(0);
    gate.open();
    await writing;
    expect(await runsOf(customerId)).toMatchObject([{ id: runId, state: 'failed' }]);
    expect((await nextRotationOf(customerId))!.getTime()).toBeGreaterThan(Date.now());
  });

  it('begins the rotation of a policy that cannot be read, which then says so', async () => {
    const unreadable = await ready({ rotation: { intervalSeconds: 'often' } });
    const readable = await ready();
    expect(await sweep()).toBe(2);
    for (const { customerId } of [unreadable, readable]) expect(await runsOf(customerId)).toHaveLength(1);
  });
});

describe('what shows that the new secret is in use', () => {
  const versionOf = (id: string) => harness.database.client.secretVersion.findUniqueOrThrow({ where: { id } });
  const acknowledge = ({ customerId, versionIds }: Ready) =>
    rotations.acknowledge(customerId, versionIds.length, caller, trace.requestId);
  const read = ({ customerId, versionIds }: Ready) =>
    harness.database.sqlTransaction((tx) =>
      rotations.noteRead(tx, customerId, versionIds.at(-1)!, { actor: caller.actor, requestId: trace.requestId }),
    );
  const shown = [
    ['an acknowledgement', acknowledge, 'acknowledgedAt'],
    ['a first read', read, 'firstReadAt'],
  ] as const;

  describe.each(shown)('%s', (_what, show, column) => {
    it.each([...OPEN, ...STOPPED])('has a rotation look again that is %s in its grace', async (state) => {
      const customer = await ready({ versions: 2 });
      const runId = await earlier(customer.customerId, { state, step: 'grace' });
      const { fence } = await harness.read(runId);
      await show(customer);
      expect((await versionOf(customer.versionIds[1]!))[column]).toBeInstanceOf(Date);
      expect(await harness.read(runId)).toMatchObject({
        ...{ state: 'queued', step: 'grace', fence: fence + 1, holdsSlot: false },
        ...{ leaseUntil: null, nextRunAt: null, finishedAt: null },
      });
    });

    it('takes what it saw from a process that looks at this moment', async () => {
      const customer = await ready({ versions: 2 });
      const runId = await earlier(customer.customerId, { state: 'queued', step: 'grace' });
      const gate = new Gate();
      stepOf('grace').does = async () => {
        await gate.pass();
        return { output: {} };
      };
      const looking = process.runner.execute(runId);
      await gate.reached;
      await show(customer);
      gate.open();
      expect(await looking).toEqual({ kind: 'left' });
      expect(await harness.read(runId)).toMatchObject({ state: 'queued', step: 'grace' });
    });

    it.each(STEPS.filter((step) => step !== 'grace'))('touches no rotation at the step %s', async (step) => {
      const customer = await ready({ versions: 2 });
      const before = await harness.read(await earlier(customer.customerId, { state: 'waiting', step }));
      await show(customer);
      expect(await harness.read(before.id)).toEqual(before);
      expect((await versionOf(customer.versionIds[1]!))[column]).not.toBeNull();
    });

    it('counts once', async () => {
      const customer = await ready({ versions: 2 });
      await show(customer);
      const first = await versionOf(customer.versionIds[1]!);
      const before = await harness.read(await earlier(customer.customerId, { state: 'waiting', step: 'grace' }));
      await show(customer);
      expect(await versionOf(first.id)).toEqual(first);
      expect(await harness.read(before.id)).toEqual(before);
    });
  });

  it('is no acknowledgement of a version that is not current', async () => {
    const { customerId } = await ready({ versions: 2 });
    await expect(rotations.acknowledge(customerId, 1, caller, trace.requestId)).rejects.toMatchObject({
      code: 'VERSION_NOT_CURRENT',
      facts: { version: 2 },
    });
  });
});

describe('requests at one time', () => {
  /** Asks for all of these while another transaction holds the customer, so that none is done before the last has begun. */
  async function askAtOnce(customerId: string, asks: readonly Ask[]): Promise<(string | undefined)[]> {
    const gate = new Gate();
    const holding = harness.database.sqlTransaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM customers WHERE id = ${customerId}::uuid FOR UPDATE`;
      await gate.pass();
    });
    await gate.reached;
    const answers = Promise.all(asks.map((what) => ask(what, customerId)));
    await untilWaiting(asks.length);
    gate.open();
    await holding;
    return answers;
  }

  /** Resolves once so many connections wait for a lock. */
  async function untilWaiting(count: number): Promise<void> {
    for (;;) {
      const [{ waiting }] = await harness.test.database.client.$queryRaw<[{ waiting: number }]>`
        SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      if (waiting >= count) return;
    }
  }

  it.each<[Ask[], (string | undefined)[]]>([
    [
      ['emergency', 'emergency', 'emergency'],
      [undefined, undefined, undefined],
    ],
    [
      ['graceful', 'emergency'],
      [undefined, undefined],
    ],
    [
      ['graceful', 'graceful'],
      [undefined, 'ROTATION_ACTIVE'],
    ],
  ])('begin one rotation: %j', async (asks, codes) => {
    const { customerId } = await ready();
    const answers = await askAtOnce(customerId, asks);
    const open = (await runsOf(customerId)).filter(({ state }) => OPEN.includes(state));
    expect(open).toHaveLength(1);
    // Which of the two comes first is open, and with it whether there is one for the graceful to be refused by.
    if (asks.includes('emergency')) expect(open[0]!.input).toEqual({ mode: 'emergency' });
    else expect(answers.toSorted()).toEqual(codes.toSorted());
  });
});

describe('a rotation that stopped in a long grace', () => {
  const waitsFor = (ms: number) => {
    stepOf('grace').does = () => Promise.reject(waitUntil(new Date(Date.now() + ms)));
  };

  it('waits on for the end of it when a person retries it', async () => {
    const { customerId } = await ready({ versions: 2, rotation: { graceSeconds: 14 * 86_400 } });
    const deadlineAt = new Date(Date.now() + 30 * DAY_MS);
    const runId = await earlier(customerId, { state: 'failed', step: 'grace', deadlineAt });
    waitsFor(13 * DAY_MS);
    await harness.retry(runId);
    await deliver(runId);
    expect(await harness.read(runId)).toMatchObject({ state: 'waiting', step: 'grace' });
  });

  it('waits on for the end of it when the new secret is read', async () => {
    const { customerId, versionIds } = await ready({ versions: 2, rotation: { graceSeconds: 14 * 86_400 } });
    const runId = await earlier(customerId, { state: 'needs_attention', step: 'grace' });
    waitsFor(14 * DAY_MS);
    await harness.database.sqlTransaction((tx) =>
      rotations.noteRead(tx, customerId, versionIds[1]!, { actor: caller.actor, requestId: trace.requestId }),
    );
    await deliver(runId);
    expect(await harness.read(runId)).toMatchObject({ state: 'waiting', step: 'grace' });
  });
});

describe('an emergency beside a rotation that is retiring secrets', () => {
  it.each(['retire', 'prove-revoked'] as const)('takes the run from the process that is at %s', async (step) => {
    const { customerId } = await ready();
    const retiring = await earlier(customerId, { state: 'queued', step });
    const gate = new Gate();
    stepOf(step).does = async () => {
      await gate.pass();
      return { output: {} };
    };
    const walked = process.runner.execute(retiring);
    await gate.reached;
    await ask('emergency', customerId);
    gate.open();
    expect(await walked).toEqual({ kind: 'left' });
    expect(await harness.read(retiring)).toMatchObject({ state: 'cancelled', error: { code: 'SUPERSEDED' } });
    const emergency = (await runsOf(customerId)).find(({ id }) => id !== retiring)!;
    await deliver(emergency.id);
    expect((await harness.read(emergency.id)).state).toBe('succeeded');
  });
});

describe('a sweep that cannot begin the rotation of a customer', () => {
  it('leaves an earlier one as it is when another run changes the customer', async () => {
    const { customerId } = await ready();
    const before = await harness.read(await earlier(customerId, { state: 'needs_attention', step: 'grace' }));
    await harness.queue(other, { customerId });
    expect(await sweep()).toBe(0);
    expect(await harness.read(before.id)).toEqual(before);
    expect(await harness.audited(customerId)).toEqual([]);
    expect((await nextRotationOf(customerId))!.getTime()).toBeGreaterThan(Date.now());
  });

  it('begins those of the others', async () => {
    const broken = await ready({ dueAt: new Date(0) });
    await earlier(broken.customerId, { state: 'failed', step: 'mint', input: { mode: 'unheard of' } });
    const sound = await ready({ dueAt: new Date(1) });
    await sweep();
    expect(await runsOf(sound.customerId)).toHaveLength(1);
    expect((await nextRotationOf(broken.customerId))!.getTime()).toBeGreaterThan(Date.now());
  });
});
