import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@app/runs';
import { caller, OPEN, type Ready, RotationsHarness, STEPS, STOPPED, trace } from './rotations-harness.js';

const DAY_MS = 86_400_000;

let harness: RotationsHarness;

beforeAll(async () => {
  harness = await RotationsHarness.start();
});
afterAll(() => harness.close());
afterEach(() => harness.settle());

describe('what shows that the new secret is in use', () => {
  const versionOf = (id: string) => harness.runs.database.client.secretVersion.findUniqueOrThrow({ where: { id } });
  const acknowledge = ({ customerId, versionIds }: Ready) =>
    harness.service.acknowledge(customerId, versionIds.length, caller, trace.requestId);
  const read = ({ customerId, versionIds }: Ready) =>
    harness.runs.database.sqlTransaction((tx) =>
      harness.service.noteRead(tx, customerId, versionIds.at(-1)!, { actor: caller.actor, requestId: trace.requestId }),
    );
  const shown = [
    ['an acknowledgement', acknowledge, 'acknowledgedAt'],
    ['a first read', read, 'firstReadAt'],
  ] as const;

  describe.each(shown)('%s', (_what, show, column) => {
    it.each([...OPEN, ...STOPPED])('has a rotation look again that is %s in its grace', async (state) => {
      const customer = await harness.ready({ versions: 2 });
      const runId = await harness.earlier(customer.customerId, { state, step: 'grace' });
      const { fence } = await harness.runs.read(runId);
      await show(customer);
      expect((await versionOf(customer.versionIds[1]!))[column]).toBeInstanceOf(Date);
      expect(await harness.runs.read(runId)).toMatchObject({
        ...{ state: 'queued', step: 'grace', fence: fence + 1, holdsSlot: false },
        ...{ leaseUntil: null, nextRunAt: null, finishedAt: null },
      });
    });

    it('takes what it saw from a process that looks at this moment', async () => {
      const customer = await harness.ready({ versions: 2 });
      const runId = await harness.earlier(customer.customerId, { state: 'queued', step: 'grace' });
      const gate = harness.gateAt('grace');
      const looking = harness.process.runner.execute(runId);
      await gate.reached;
      await show(customer);
      gate.open();
      expect(await looking).toEqual({ kind: 'left' });
      expect(await harness.runs.read(runId)).toMatchObject({ state: 'queued', step: 'grace' });
    });

    it.each(STEPS.filter((step) => step !== 'grace'))('touches no rotation at the step %s', async (step) => {
      const customer = await harness.ready({ versions: 2 });
      const before = await harness.runs.read(await harness.earlier(customer.customerId, { state: 'waiting', step }));
      await show(customer);
      expect(await harness.runs.read(before.id)).toEqual(before);
      expect((await versionOf(customer.versionIds[1]!))[column]).not.toBeNull();
    });

    it('counts once', async () => {
      const customer = await harness.ready({ versions: 2 });
      await show(customer);
      const first = await versionOf(customer.versionIds[1]!);
      const before = await harness.runs.read(
        await harness.earlier(customer.customerId, { state: 'waiting', step: 'grace' }),
      );
      await show(customer);
      expect(await versionOf(first.id)).toEqual(first);
      expect(await harness.runs.read(before.id)).toEqual(before);
    });
  });

  it('is no acknowledgement of a version that is not current', async () => {
    const { customerId } = await harness.ready({ versions: 2 });
    await expect(harness.service.acknowledge(customerId, 1, caller, trace.requestId)).rejects.toMatchObject({
      code: 'VERSION_NOT_CURRENT',
      facts: { version: 2 },
    });
  });
});

describe('a rotation that stopped in a long grace', () => {
  const waitsFor = (ms: number) => {
    harness.step('grace').does = () => Promise.reject(waitUntil(new Date(Date.now() + ms)));
  };

  it('waits on for the end of it when a person retries it', async () => {
    const { customerId } = await harness.ready({ versions: 2, rotation: { graceSeconds: 14 * 86_400 } });
    const deadlineAt = new Date(Date.now() + 30 * DAY_MS);
    const runId = await harness.earlier(customerId, { state: 'failed', step: 'grace', deadlineAt });
    waitsFor(13 * DAY_MS);
    await harness.runs.retry(runId);
    await harness.deliver(runId);
    expect(await harness.runs.read(runId)).toMatchObject({ state: 'waiting', step: 'grace' });
  });

  it('waits on for the end of it when the new secret is read', async () => {
    const { customerId, versionIds } = await harness.ready({ versions: 2, rotation: { graceSeconds: 14 * 86_400 } });
    const runId = await harness.earlier(customerId, { state: 'needs_attention', step: 'grace' });
    waitsFor(14 * DAY_MS);
    await harness.runs.database.sqlTransaction((tx) =>
      harness.service.noteRead(tx, customerId, versionIds[1]!, { actor: caller.actor, requestId: trace.requestId }),
    );
    await harness.deliver(runId);
    expect(await harness.runs.read(runId)).toMatchObject({ state: 'waiting', step: 'grace' });
  });
});
