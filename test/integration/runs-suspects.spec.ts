import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LeaseLost } from '@app/runs';
import { Gate } from './gate.js';
import { RunsHarness, type RunsProcess } from './runs-harness.js';
import { TestPlan } from './test-plan.js';

let harness: RunsHarness;
let order: string[];
/** Plans whose first step notes the run's name in `order`. */
let suspected: TestPlan, neighbour: TestPlan, newcomer: TestPlan;
/** Where the neighbour stands in the middle of its step. */
let gate: Gate;

const note = (name: string) => () => {
  order.push(name);
  return Promise.resolve({ output: {} });
};

beforeAll(async () => {
  harness = await RunsHarness.start();
});
afterAll(() => harness.close());
beforeEach(() => {
  harness.woken.length = 0;
  order = [];
  gate = new Gate();
  [suspected, neighbour, newcomer] = [new TestPlan(), new TestPlan(), new TestPlan()];
  newcomer.first.does = note('newcomer');
  neighbour.first.does = async () => {
    await gate.pass();
    return note('neighbour')();
  };
});

const newProcess = () => harness.process([suspected, neighbour, newcomer]);

/** A run that took two processes with it. */
async function queueSuspect(): Promise<string> {
  const { id } = await harness.queue(suspected);
  suspected.first.does = async () => {
    await harness.letTimePass(id);
    throw new LeaseLost('expired', id);
  };
  for (let number = 1; number <= 2; number += 1) await newProcess().runner.execute(id);
  suspected.first.does = note('suspect');
  return id;
}

/** Resolves when this process has given a run back. */
function untilHandedBack({ claims }: RunsProcess): Promise<void> {
  const handBack = claims.handBack.bind(claims);
  return new Promise((resolve) => {
    claims.handBack = async (...run) => {
      const handedBack = await handBack(...run);
      resolve();
      return handedBack;
    };
  });
}

/** A process that works on the neighbour and was woken for the suspect. */
async function busyProcess(runId: string) {
  const process = newProcess();
  const beside = process.runner.execute((await harness.queue(neighbour)).id);
  await gate.reached;
  const handedBack = untilHandedBack(process);
  const suspect = process.runner.execute(runId);
  await handedBack;
  return { process, beside, suspect };
}

describe('a run that may end its worker', () => {
  it('is not begun while the process works on others, nor are others while it is worked on', async () => {
    const id = await queueSuspect();
    const { process, beside, suspect } = await busyProcess(id);
    expect(await harness.read(id)).toMatchObject({ state: 'queued', attempts: 2, leaseUntil: null });
    const after = process.runner.execute((await harness.queue(newcomer)).id);
    gate.open();
    await Promise.all([beside, suspect, after]);
    expect(order).toEqual(['neighbour', 'suspect', 'newcomer']);
    expect(await harness.states(id)).toMatchObject({ state: 'succeeded' });
  });

  it('is taken meanwhile by a process that has nothing else to do', async () => {
    const id = await queueSuspect();
    const { beside, suspect } = await busyProcess(id);
    expect(await newProcess().runner.execute(id)).toEqual({ kind: 'left' });
    gate.open();
    await beside;
    expect(await suspect).toEqual({ kind: 'idle' });
    expect(order).toEqual(['suspect', 'neighbour']);
  });

  it('is left to another process by one that stops', async () => {
    const id = await queueSuspect();
    const { process, beside, suspect } = await busyProcess(id);
    process.runner.stop();
    harness.woken.length = 0;
    gate.open();
    await beside;
    expect(await suspect).toEqual({ kind: 'idle' });
    expect(harness.woken.map(({ runId }) => runId)).toContain(id);
    await newProcess().runner.execute(id);
    expect(order).toEqual(['neighbour', 'suspect']);
  });

  it('ends once its step has taken as many processes as it may be tried', async () => {
    const id = await queueSuspect();
    suspected.first.does = async () => {
      await harness.letTimePass(id);
      throw new LeaseLost('expired', id);
    };
    await newProcess().runner.execute(id);
    await newProcess().runner.execute(id);
    expect(await harness.read(id)).toMatchObject({ state: 'failed', error: { code: 'WORKER_LOST' } });
  });
});
