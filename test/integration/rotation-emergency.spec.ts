import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { needsAttention } from '@app/runs';
import { RotationsHarness } from './rotations-harness.js';
import { Gate } from './runs-harness.js';

const ERROR = { code: 'X', message: 'Somebody must look.' };

let harness: RotationsHarness;

beforeAll(async () => {
  harness = await RotationsHarness.start();
});
afterAll(() => harness.close());
afterEach(() => harness.settle());

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
