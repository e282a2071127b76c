import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Secret } from '@app/platform';
import pg from 'pg';
import { type Installation, type Onboarding, oneWorkingClient, TestSite } from './installation.js';

let site: TestSite;

beforeAll(async () => {
  site = await TestSite.start();
});
afterAll(() => site.close());

const lose = async (tenantHost: string, operation: string) =>
  (await site.tenantOf(tenantHost)).fault({ kind: 'reset-after', operation, times: 1 });

/** A copy of the database, as a backup holds it; nobody may be connected to it. */
async function backUp(): Promise<{ url: Secret; drop(): Promise<void> }> {
  const url = new URL(site.databaseUrl.reveal());
  const source = url.pathname.slice(1);
  const name = `backup_${randomUUID().replaceAll('-', '')}`;
  const admin = async (statement: string) => {
    const client = new pg.Client({ connectionString: new URL('/postgres', url).href });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await admin(`CREATE DATABASE ${name} TEMPLATE ${source}`);
  const copy = new URL(`/${name}`, url);
  return { url: new Secret(copy.href), drop: () => admin(`DROP DATABASE ${name} WITH (FORCE)`) };
}

describe('a database that was restored from a backup', () => {
  const names = ['ready', 'adopted', 'unsettled', 'started-anew', 'untouched'] as const;
  const onboardings = {} as Record<(typeof names)[number], Onboarding>;
  let backup: Awaited<ReturnType<typeof backUp>>;
  let restored: Installation;

  beforeAll(async () => {
    const before = await site.open();
    for (const name of names) onboardings[name] = await before.accept(name);
    await before.close();
    backup = await backUp();

    // All of this happens after the backup.
    const after = await site.open();
    const { ready, adopted, unsettled, 'started-anew': startedAnew } = onboardings;
    await after.finish(ready);
    await lose(adopted.tenantHost, 'create');
    await after.finish(adopted);
    await lose(unsettled.tenantHost, 'create');
    await after.wake(unsettled);
    expect((await after.run(unsettled.runId)).state).toBe('waiting');
    const tenant = await site.tenantOf(startedAnew.tenantHost);
    await tenant.fault({ kind: 'status', status: 403, operation: 'config-patch', times: 1 });
    await after.finish(startedAnew);
    await after.change(startedAnew.runId, 'cancel');
    await after.finish(startedAnew);
    await after.change(startedAnew.runId, 'retry');
    await after.finish(startedAnew);
    expect(await after.outcomeOf(startedAnew)).toEqual({ ...oneWorkingClient, clientsCreated: 2 });
    await after.close();

    restored = await site.open(backup.url);
    await Promise.all(names.map((name) => restored.finish(onboardings[name])));
  }, 60_000);
  afterAll(async () => {
    await restored.close();
    await backup.drop();
  });

  it.each(names)('makes no second client for a customer that was %s meanwhile', async (name) => {
    const clientsCreated = name === 'started-anew' ? 2 : 1;
    expect(await restored.outcomeOf(onboardings[name])).toEqual({ ...oneWorkingClient, clientsCreated });
  });

  it('tells that it took a client over', async () => {
    const actionsOf = async (onboarding: Onboarding) =>
      (await restored.auditOf(onboarding.customerId)).map(({ action }) => action);
    expect(await actionsOf(onboardings.ready)).toContain('oauth_client.adopted');
    expect(await actionsOf(onboardings.untouched)).toContain('oauth_client.created');
  });

  it('begins anew where the client that was taken over is cancelled', async () => {
    const { ready } = onboardings;
    const again = await site.open(backup.url);
    const tenant = await site.tenantOf(ready.tenantHost);
    const { clients } = await site.stateOf(ready.tenantHost);
    await again.database.client.run.update({
      where: { id: ready.runId },
      data: { state: 'needs_attention', step: 'trust-consent', holdsSlot: true },
    });
    await again.change(ready.runId, 'cancel');
    await again.finish(ready);
    expect((await site.stateOf(ready.tenantHost)).clients).toEqual([]);
    await again.change(ready.runId, 'retry');
    await again.finish(ready);
    expect(await again.outcomeOf(ready)).toEqual({ ...oneWorkingClient, clientsCreated: 2 });
    expect((await tenant.api('GET', `/${clients[0].clientId}`)).status).toBe(404);
    await again.close();
  });
});
