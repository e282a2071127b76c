import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Run } from '@app/platform';
import { needsAttention, waitUntil } from '@app/runs';
import { type Ask, RotationsHarness } from './rotations-harness.js';
import { Gate } from './gate.js';

const ERROR = { code: 'X', message: 'Somebody must look.' };
const later = () => Promise.reject(waitUntil(new Date(Date.now() + 60_000)));
const fail = () => Promise.reject(new Error('Qlik is down.'));

let harness: RotationsHarness;

beforeAll(async () => {
  harness = await RotationsHarness.start();
});
afterAll(() => harness.close());
afterEach(() => harness.settle());

/** A graceful rotation that was cancelled at `verify`, and that `undoes` as told. */
async function cancelled(undoes: () => Promise<object>): Promise<Run> {
  const { customerId } = await harness.ready();
  harness.step('verify').does = () => Promise.reject(needsAttention(ERROR));
  harness.step('mint').undoes = undoes;
  await harness.ask('graceful', customerId);
  const [run] = await harness.rotationsOf(customerId);
  await harness.deliver(run!.id);
  await harness.runs.cancel(run!.id);
  while ((await harness.process.runner.execute(run!.id)).kind === 'wait' && undoes === fail);
  await harness.settle();
  return harness.runs.read(run!.id);
}

/** The modes in which the run's first step is tried from here on, in order. */
function modesMinted(): unknown[] {
  const modes: unknown[] = [];
  harness.step('mint').does = ({ run }) => {
    modes.push(run.input['mode']);
    return Promise.resolve({ output: {} });
  };
  return modes;
}

describe('a rotation that is being cancelled when another is asked for', () => {
  it('waits to take back what it made: an emergency has that go first, and then happens', async () => {
    const run = await cancelled(later);
    expect(run).toMatchObject({ state: 'waiting', step: 'mint', cancelRequested: true });
    const modes = modesMinted();
    expect(await harness.ask('emergency', run.customerId!)).toBeUndefined();
    await harness.deliver(run.id);
    expect(modes).toEqual(['emergency']);
    expect(await harness.runs.read(run.id)).toMatchObject({
      ...{ state: 'succeeded', cancelRequested: false, input: { mode: 'emergency' } },
    });
    expect(await harness.rotationsOf(run.customerId!)).toHaveLength(1);
    expect((await harness.runs.states(run.id)).steps['mint']).toBe('succeeded');
    const actions = await harness.runs.audited(run.customerId!);
    expect(actions.slice(-2)).toEqual(['rotation.escalated', 'run.succeeded']);
  });

  it.each<[Ask, string]>([
    ['emergency', 'emergency'],
    ['graceful', 'graceful'],
    ['schedule', 'graceful'],
  ])('failed to take back what it made: %s has it try again, and then happens', async (what, mode) => {
    const run = await cancelled(fail);
    expect(run).toMatchObject({ state: 'failed', step: 'mint', cancelRequested: true });
    const modes = modesMinted();
    await harness.runs.database.client.customer.update({
      where: { id: run.customerId! },
      data: { nextRotationAt: new Date(0) },
    });
    expect(await harness.ask(what, run.customerId!)).toBeUndefined();
    await harness.deliver(run.id);
    expect(modes).toEqual([mode]);
    expect(await harness.runs.read(run.id)).toMatchObject({ state: 'succeeded', cancelRequested: false });
  });

  it('takes back its last at this moment: an emergency is not lost', async () => {
    const run = await cancelled(later);
    const gate = new Gate();
    harness.step('mint').undoes = async () => {
      await gate.pass();
      return {};
    };
    const modes = modesMinted();
    await harness.runs.letTimePass(run.id);
    const undoing = harness.process.runner.execute(run.id);
    await gate.reached;
    await harness.ask('emergency', run.customerId!);
    gate.open();
    expect(await undoing).toEqual({ kind: 'left' });
    await harness.deliver(run.id);
    expect(modes).toEqual(['emergency']);
    expect(await harness.runs.read(run.id)).toMatchObject({ state: 'succeeded' });
  });

  it('can be cancelled once more, the emergency included', async () => {
    const run = await cancelled(later);
    await harness.ask('emergency', run.customerId!);
    await harness.runs.cancel(run.id);
    const modes = modesMinted();
    await harness.deliver(run.id);
    expect(await harness.runs.read(run.id)).toMatchObject({ state: 'cancelled', input: { mode: 'emergency' } });
    expect(modes).toEqual([]);
  });
});

describe('an emergency while a graceful rotation decides', () => {
  it('is not stopped by what the rotation came to before', async () => {
    const { customerId } = await harness.ready();
    await harness.ask('graceful', customerId);
    const [run] = await harness.rotationsOf(customerId);
    const gate = new Gate();
    harness.step('mint').does = async ({ run: { input } }) => {
      if (input['mode'] === 'emergency') return { output: {} };
      await gate.pass();
      throw needsAttention(ERROR);
    };
    const walked = harness.process.runner.execute(run!.id);
    await gate.reached;
    await harness.ask('emergency', customerId);
    harness.runs.woken.length = 0;
    gate.open();
    expect(await walked).toEqual({ kind: 'left' });
    expect(await harness.runs.read(run!.id)).toMatchObject({ state: 'queued', error: null, leaseUntil: null });
    expect(harness.runs.woken).toEqual([expect.objectContaining({ runId: run!.id })]);
    await harness.deliver(run!.id);
    expect((await harness.runs.states(run!.id)).state).toBe('succeeded');
    const ends = ['rotation.requested', 'rotation.escalated', 'run.succeeded'];
    expect(await harness.runs.audited(customerId)).toEqual(ends);
  });

  it('has the time of a rotation that begins now', async () => {
    const { customerId } = await harness.ready();
    const deadlineAt = new Date(Date.now() + 1_000);
    const runId = await harness.earlier(customerId, { state: 'running', step: 'mint', deadlineAt });
    await harness.ask('emergency', customerId);
    expect((await harness.runs.read(runId)).deadlineAt.getTime()).toBeGreaterThan(Date.now() + 2 * 86_400_000 - 60_000);
  });
});
