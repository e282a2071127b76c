import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { ParentClientWatch } from '@app/provisioning';
import { closedGate } from '../gate.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

let test: TestDatabase;
let audit: AuditTrail;
let watch: ParentClientWatch;

beforeAll(async () => {
  test = await createTestDatabase();
  audit = new AuditTrail(test.database);
  watch = new ParentClientWatch(test.database, audit);
});
// The audit trail refuses to be emptied: each test has regions of its own.
let region = '';
beforeEach(() => void (region = `r${randomUUID().slice(0, 8)}`));
afterAll(() => test.close());

async function stop(action: 'run.needs_attention' | 'run.failed', code: string, inRegion = region): Promise<void> {
  const name = randomUUID();
  const { id: customerId } = await test.database.client.customer.create({
    data: { id: randomUUID(), externalId: name, name, tenantHost: `t-${name}.${inRegion}.qlikcloud.com` },
  });
  const event = {
    chain: customerId,
    action,
    actor: 'worker',
    subject: { customerId, runId: randomUUID() },
    data: { code },
  };
  await test.database.transaction((tx) => audit.append(tx, event));
}
const waitingForLocks = async () => {
  const [row] = await test.database.sql.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  return row!.count;
};
const reported = async () =>
  (await audit.list({ chain: 'system', action: 'parent_client.failing', limit: 100 })).events.filter(
    ({ subject }) => subject.region === region,
  );

describe('the watch on parent clients', () => {
  it.each(['run.needs_attention', 'run.failed'] as const)(
    'reports the region of a %s that was refused',
    async (action) => {
      await stop(action, 'PARENT_REFUSED');
      expect(await watch.sweep()).toBe(1);
      expect(await reported()).toEqual([
        expect.objectContaining({ actor: 'worker', subject: { region }, data: { code: 'PARENT_REFUSED' } }),
      ]);
    },
  );

  it('says it once, however many runs stop and workers look', async () => {
    for (let n = 0; n < 5; n++) await stop('run.needs_attention', 'PARENT_REFUSED');
    // Two workers come to their report while the chain is held, so that neither can see the other's.
    const gate = closedGate();
    const holder = test.database.transaction(async (tx) => {
      await audit.append(tx, { chain: 'system', action: 'pause.set', actor: 'test', subject: {} });
      await gate.pass();
    });
    await gate.reached;
    const sweeps = [watch.sweep(), watch.sweep()];
    while ((await waitingForLocks()) < 2);
    gate.release();
    await holder;
    expect((await Promise.all(sweeps)).sort()).toEqual([0, 1]);
    await stop('run.needs_attention', 'PARENT_REFUSED');
    expect(await watch.sweep()).toBe(0);
    expect(await reported()).toHaveLength(1);
  });

  it('says nothing of runs that stopped for something else', async () => {
    await stop('run.needs_attention', 'TENANT_DISABLED');
    expect(await watch.sweep()).toBe(0);
  });

  it('is announced', async () => {
    await stop('run.needs_attention', 'PARENT_REFUSED');
    await watch.sweep();
    const [event] = await reported();
    const row = await test.database.client.announcement.findUnique({ where: { auditEventId: event!.id } });
    expect(row).toMatchObject({ type: 'parent_client.failing' });
  });
});
