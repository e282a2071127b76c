import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunState } from '@app/platform';
import { type Ask, OPEN, RotationsHarness, type StepName, STEPS, STOPPED } from './rotations-harness.js';
import { Gate } from './gate.js';

const EARLY: readonly StepName[] = [null, 'mint', 'verify', 'promote'];

let harness: RotationsHarness;

beforeAll(async () => {
  harness = await RotationsHarness.start();
});
afterAll(() => harness.close());
afterEach(() => harness.settle());

/** What asking has come to, in a word. */
async function consequence(what: Ask, customerId: string, formerId: string): Promise<string> {
  const before = await harness.runs.read(formerId);
  const refusal = await harness.ask(what, customerId);
  const after = await harness.runs.read(formerId);
  const others = (await harness.rotationsOf(customerId)).filter(({ id }) => id !== formerId);
  const isScheduled = (await harness.nextRotationOf(customerId)) !== null;
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
      const { customerId } = await harness.ready({ versions: 2 });
      const name = `${state} at ${step ?? 'no step'}`;
      seen[name] = await consequence(what, customerId, await harness.earlier(customerId, { state, step }));
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
      const { customerId, versionIds } = await harness.ready({ versions: 2 });
      const input = { mode: 'rollback', restores: versionIds[0] };
      expect(
        await consequence(what, customerId, await harness.earlier(customerId, { state, step: 'verify', input })),
      ).toBe(end);
    },
  );

  it('a rollback goes back to the newest secret that is still there', async () => {
    const { customerId, versionIds } = await harness.ready({ versions: 4 });
    await harness.runs.database.client.secretVersion.update({
      where: { id: versionIds[2]! },
      data: { retiredAt: new Date() },
    });
    await harness.earlier(customerId, { state: 'waiting', step: 'grace' });
    await harness.ask('rollback', customerId);
    expect((await harness.rotationsOf(customerId))[1]).toMatchObject({
      input: { mode: 'rollback', restores: versionIds[1] },
    });
  });

  it('a rollback is refused when no older secret is left', async () => {
    const { customerId } = await harness.ready();
    await harness.earlier(customerId, { state: 'waiting', step: 'grace' });
    expect(await harness.ask('rollback', customerId)).toBe('NOTHING_TO_ROLL_BACK');
  });

  it.each(['onboarding', 'failed', 'offboarding', 'offboarded'] as const)(
    'nobody, of a customer that is %s',
    async (state) => {
      const { customerId } = await harness.ready();
      await harness.runs.database.client.customer.update({ where: { id: customerId }, data: { state } });
      const code = state.startsWith('offboard') ? 'CUSTOMER_OFFBOARDED' : 'CUSTOMER_NOT_READY';
      expect(await harness.ask('graceful', customerId)).toBe(code);
      expect(await harness.ask('emergency', customerId)).toBe(code);
      expect(await harness.ask('rollback', customerId)).toBe(code);
      expect(await harness.sweep()).toBe(0);
      expect(await harness.rotationsOf(customerId)).toEqual([]);
    },
  );

  it('says so in the audit, with the reason', async () => {
    const { customerId } = await harness.ready();
    await harness.earlier(customerId, { state: 'failed', step: 'retire' });
    await harness.ask('emergency', customerId);
    expect(await harness.runs.audited(customerId)).toEqual(['run.superseded', 'rotation.requested']);
  });

  it('wakes what begins', async () => {
    const { customerId } = await harness.ready();
    await harness.ask('graceful', customerId);
    const [run] = await harness.rotationsOf(customerId);
    expect(harness.runs.woken.filter(({ runId }) => runId === run!.id)).toHaveLength(1);
  });
});

describe('requests at one time', () => {
  /** Asks for all of these while another transaction holds the customer, so that none is done before the last has begun. */
  async function askAtOnce(customerId: string, asks: readonly Ask[]): Promise<(string | undefined)[]> {
    const gate = new Gate();
    const holding = harness.runs.database.sqlTransaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM customers WHERE id = ${customerId}::uuid FOR UPDATE`;
      await gate.pass();
    });
    await gate.reached;
    const answers = Promise.all(asks.map((what) => harness.ask(what, customerId)));
    await untilWaiting(asks.length);
    gate.open();
    await holding;
    return answers;
  }

  /** Resolves once so many connections wait for a lock. */
  async function untilWaiting(count: number): Promise<void> {
    for (;;) {
      const [{ waiting }] = await harness.runs.test.database.client.$queryRaw<[{ waiting: number }]>`
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
    const { customerId } = await harness.ready();
    const answers = await askAtOnce(customerId, asks);
    const open = (await harness.rotationsOf(customerId)).filter(({ state }) => OPEN.includes(state));
    expect(open).toHaveLength(1);
    // Which of the two comes first is open, and with it whether there is one for the graceful to be refused by.
    if (asks.includes('emergency')) expect(open[0]!.input).toEqual({ mode: 'emergency' });
    else expect(answers.toSorted()).toEqual(codes.toSorted());
  });
});
