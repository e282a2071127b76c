import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { needsAttention } from '@app/runs';
import { RotationsHarness } from './rotations-harness.js';

let harness: RotationsHarness;

beforeAll(async () => {
  harness = await RotationsHarness.start();
});
afterAll(() => harness.close());
afterEach(() => harness.settle());

describe('the slot of the customer', () => {
  it('is held by a rotation that begins, and refuses it to another', async () => {
    const { customerId } = await harness.ready();
    await harness.runs.queue(harness.other, { customerId });
    expect(await harness.ask('graceful', customerId)).toBe('CUSTOMER_BUSY');
    expect(await harness.ask('schedule', customerId)).toBeUndefined();
    expect(await harness.rotationsOf(customerId)).toEqual([]);
  });

  it('is not asked of an emergency, which takes it as soon as it is free', async () => {
    const { customerId } = await harness.ready();
    const holder = await harness.runs.queue(harness.other, { customerId });
    expect(await harness.ask('emergency', customerId)).toBeUndefined();
    const [run] = await harness.rotationsOf(customerId);
    expect(run).toMatchObject({ state: 'queued', holdsSlot: false });
    expect(await harness.claim(run!.id)).toBeUndefined();
    await harness.process.runner.execute(holder.id);
    expect(await harness.claim(run!.id)).toBeDefined();
    expect((await harness.runs.read(run!.id)).holdsSlot).toBe(true);
  });

  it('is taken for an emergency from a run that waits for a person', async () => {
    const { customerId } = await harness.ready();
    const stopped = await harness.earlier(customerId, {
      state: 'needs_attention',
      step: 'second',
      plan: harness.other.name,
    });
    await harness.ask('emergency', customerId);
    const [run] = await harness.rotationsOf(customerId);
    await harness.deliver(run!.id);
    expect((await harness.runs.read(run!.id)).state).toBe('succeeded');
    expect(await harness.runs.read(stopped)).toMatchObject({ state: 'needs_attention', holdsSlot: false });
  });

  it('is taken for an emergency from a run that comes to wait for a person while it is waited for', async () => {
    const { customerId } = await harness.ready();
    harness.other.first.does = () => Promise.reject(needsAttention({ code: 'X', message: 'Somebody must look.' }));
    const { holder, gate, walked } = await harness.holdOther(customerId);
    await harness.ask('emergency', customerId);
    const [run] = await harness.rotationsOf(customerId);
    expect(await harness.process.runner.execute(run!.id)).toEqual({ kind: 'idle' });
    gate.open();
    await walked;
    expect((await harness.runs.read(holder.id)).state).toBe('needs_attention');
    await harness.deliver(run!.id);
    expect((await harness.runs.read(run!.id)).state).toBe('succeeded');
  });

  it.each(['queued', 'waiting', 'running'] as const)(
    'is taken for an emergency from a run that is %s where a pause holds it, which gets it back',
    async (state) => {
      const { customerId } = await harness.ready();
      const plan = harness.other.name;
      const held = await harness.earlier(customerId, { state, step: 'second', plan });
      const pauseId = await harness.runs.pause({ plan });
      await harness.runs.letTimePass(held);
      await harness.ask('emergency', customerId);
      const [run] = await harness.rotationsOf(customerId);
      await harness.deliver(run!.id);
      expect((await harness.runs.read(run!.id)).state).toBe('succeeded');
      expect(await harness.runs.read(held)).toMatchObject({ state, step: 'second', holdsSlot: false });
      await harness.runs.lift(pauseId);
      await harness.deliver(held);
      expect((await harness.runs.read(held)).state).toBe('succeeded');
    },
  );

  it('is not given back before the run that took it lets go', async () => {
    const { customerId } = await harness.ready();
    const held = await harness.earlier(customerId, { state: 'queued', step: 'second', plan: harness.other.name });
    const pauseId = await harness.runs.pause({ plan: harness.other.name });
    await harness.ask('emergency', customerId);
    const [run] = await harness.rotationsOf(customerId);
    const gate = harness.gateAt('mint');
    expect(await harness.process.runner.execute(run!.id)).toEqual({ kind: 'wait', forMs: 0 });
    const walked = harness.process.runner.execute(run!.id);
    await gate.reached;
    await harness.runs.lift(pauseId);
    expect(await harness.claim(held)).toBeUndefined();
    gate.open();
    await walked;
    await harness.deliver(run!.id);
    expect(await harness.claim(held)).toBeDefined();
  });

  it('is left to a worker that is at a run when the pause is set', async () => {
    const { customerId } = await harness.ready();
    const { gate, walked } = await harness.holdOther(customerId);
    await harness.runs.pause({ plan: harness.other.name });
    await harness.ask('emergency', customerId);
    const [run] = await harness.rotationsOf(customerId);
    expect(await harness.process.runner.execute(run!.id)).toEqual({ kind: 'idle' });
    gate.open();
    await walked;
    await harness.deliver(run!.id);
    expect((await harness.runs.read(run!.id)).state).toBe('succeeded');
  });

  it('is no longer that of a worker which was silent for its lease: what it writes then is refused', async () => {
    const { customerId } = await harness.ready();
    const { holder, gate, walked } = await harness.holdOther(customerId);
    await harness.runs.pause({ plan: harness.other.name });
    await harness.runs.letTimePass(holder.id);
    await harness.ask('emergency', customerId);
    const [run] = await harness.rotationsOf(customerId);
    await harness.process.runner.execute(run!.id);
    gate.open();
    expect(await walked).toEqual({ kind: 'left' });
    expect((await harness.runs.states(holder.id)).steps).toMatchObject({ first: 'running', second: 'pending' });
  });

  it('stays where it is while a pause holds the run that waits for it, too', async () => {
    const { customerId } = await harness.ready();
    const held = await harness.earlier(customerId, { state: 'queued', step: 'second', plan: harness.other.name });
    const where = { id: customerId };
    const { tenantHost } = await harness.runs.database.client.customer.findUniqueOrThrow({ where });
    await harness.runs.pause({ tenantHost });
    await harness.ask('emergency', customerId);
    const [run] = await harness.rotationsOf(customerId);
    expect(await harness.process.runner.execute(run!.id)).toEqual({ kind: 'idle' });
    expect((await harness.runs.read(held)).holdsSlot).toBe(true);
  });

  it('is left at a step that shares the customer, and taken again by a claim of its own', async () => {
    const { customerId } = await harness.ready();
    await harness.ask('graceful', customerId);
    const [run] = await harness.rotationsOf(customerId);
    const gate = harness.gateAt('grace');
    const walked = harness.process.runner.execute(run!.id);
    await gate.reached;
    expect(await harness.runs.read(run!.id)).toMatchObject({ state: 'running', step: 'grace', holdsSlot: false });
    const meanwhile = await harness.runs.queue(harness.other, { customerId });
    gate.open();
    expect(await walked).toEqual({ kind: 'left' });
    expect(await harness.runs.read(run!.id)).toMatchObject({ state: 'queued', step: 'retire', holdsSlot: false });
    expect(await harness.process.runner.execute(run!.id)).toEqual({ kind: 'idle' });
    await harness.process.runner.execute(meanwhile.id);
    await harness.process.runner.execute(run!.id);
    expect((await harness.runs.states(run!.id)).state).toBe('succeeded');
  });

  it('is given up again once the old secret is deleted, before that is proved', async () => {
    const { customerId } = await harness.ready();
    await harness.ask('graceful', customerId);
    const [run] = await harness.rotationsOf(customerId);
    const gate = harness.gateAt('prove-revoked');
    await harness.process.runner.execute(run!.id);
    const walked = harness.process.runner.execute(run!.id);
    await gate.reached;
    expect(await harness.runs.read(run!.id)).toMatchObject({
      state: 'running',
      step: 'prove-revoked',
      holdsSlot: false,
    });
    gate.open();
    await walked;
  });

  it('goes to one of several that claim it at once', async () => {
    const rounds = Array.from({ length: 10 }, async () => {
      const { customerId } = await harness.ready();
      const ids = await Promise.all(
        ['retire' as const, null].map((step) =>
          harness.earlier(customerId, { state: 'queued', step, holdsSlot: false }),
        ),
      );
      const claims = await Promise.all([...ids, ...ids].map((id) => harness.claim(id)));
      const holders = (await harness.rotationsOf(customerId)).filter(({ holdsSlot }) => holdsSlot);
      return [claims.filter((claimed) => claimed !== undefined).length, holders.length];
    });
    expect(await Promise.all(rounds)).toEqual(rounds.map(() => [1, 1]));
  });
});

describe('an emergency beside a rotation that is retiring secrets', () => {
  it.each(['retire', 'prove-revoked'] as const)('takes the run from the process that is at %s', async (step) => {
    const { customerId } = await harness.ready();
    const retiring = await harness.earlier(customerId, { state: 'queued', step });
    const gate = harness.gateAt(step);
    const walked = harness.process.runner.execute(retiring);
    await gate.reached;
    await harness.ask('emergency', customerId);
    gate.open();
    expect(await walked).toEqual({ kind: 'left' });
    expect(await harness.runs.read(retiring)).toMatchObject({ state: 'cancelled', error: { code: 'SUPERSEDED' } });
    const emergency = (await harness.rotationsOf(customerId)).find(({ id }) => id !== retiring)!;
    await harness.deliver(emergency.id);
    expect((await harness.runs.read(emergency.id)).state).toBe('succeeded');
  });
});
