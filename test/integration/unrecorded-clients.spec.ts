import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Life, ProcessDied } from '../mortal-process.js';
import { type Installation, oneWorkingClient, TestSite } from './installation.js';

let site: TestSite;

beforeAll(async () => {
  site = await TestSite.start();
});
afterAll(() => site.close());

describe('clients that bear our marker and that no row records', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await site.open();
  });
  afterAll(() => installation.close());

  it('are taken over if they are of the customer: the oldest is kept, the others are left alone and told', async () => {
    const onboarding = await installation.accept('several');
    const tenant = await site.tenantOf(onboarding.tenantHost);
    const nameOf = (end: string) => `tenant-provisioner/${onboarding.customerId}/${end.repeat(32)}`;
    const oldest = await tenant.create({ clientName: nameOf('c') });
    await delay(5);
    for (const end of ['a', 'b', 'b']) await tenant.create({ clientName: nameOf(end) });
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toMatchObject({
      ...oneWorkingClient,
      clientsCreated: 4,
      clientsAtQlik: 4,
      secretsAtQlik: [1, 1, 1, 1],
    });
    expect((await site.stateOf(onboarding.tenantHost)).clients[0].clientId).toBe(oldest.clientId);
    const events = await installation.auditOf(onboarding.customerId);
    expect(events.filter(({ action }) => action === 'oauth_client.deleted')).toEqual([]);
    expect(events.filter(({ action }) => action === 'oauth_client.unrecognised')).toMatchObject([
      { data: { count: 3 } },
    ]);
    const { steps } = await installation.run(onboarding.runId);
    const settled = steps.find(({ name }) => name === 'settle-creation');
    expect(settled?.output).toMatchObject({ duplicateClientsDeleted: 0, unrecognisedClients: 3 });
  });

  it('are left alone if a person gave them their names', async () => {
    const onboarding = await installation.accept('by-hand');
    const tenant = await site.tenantOf(onboarding.tenantHost);
    const { clientId } = await tenant.create({ clientName: `tenant-provisioner/${onboarding.customerId}/by hand` });
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toMatchObject({ run: 'succeeded', clientsCreated: 2 });
    expect((await tenant.api('GET', `/${clientId}`)).status).toBe(200);
    const { steps } = await installation.run(onboarding.runId);
    expect(steps.find(({ name }) => name === 'check-tenant-access')?.output).toMatchObject({ unrecognisedClients: 1 });
  });

  it('keep every secret they had where Qlik does not say who made which', async () => {
    const onboarding = await installation.accept('silent');
    const tenant = await site.tenantOf(onboarding.tenantHost);
    await tenant.configure({ unknowns: { createdByAbsent: true } });
    const { clientId } = await tenant.create({
      clientName: `tenant-provisioner/${onboarding.customerId}/${'a1'.repeat(16)}`,
    });
    const control = `${site.sandbox.url}/_sandbox/tenants/${onboarding.tenantHost}/clients/${clientId}/secrets`;
    await fetch(control, { method: 'POST' });
    const { hints } = (await site.stateOf(onboarding.tenantHost)).clients[0];
    expect(hints).toHaveLength(2);
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toEqual({ ...oneWorkingClient, secretsAtQlik: [3] });
    expect((await site.stateOf(onboarding.tenantHost)).clients[0].hints).toEqual(expect.arrayContaining(hints));
    const { steps } = await installation.run(onboarding.runId);
    expect(steps.find(({ name }) => name === 'settle-creation')?.output).toMatchObject({
      deadSecretsDeleted: 0,
      unrecognisedSecrets: 2,
    });
  });

  it('keep the secrets that somebody else made on them', async () => {
    const onboarding = await installation.accept('shared');
    const tenant = await site.tenantOf(onboarding.tenantHost);
    const { clientId } = await tenant.create({
      clientName: `tenant-provisioner/${onboarding.customerId}/${'d'.repeat(32)}`,
    });
    const control = `${site.sandbox.url}/_sandbox/tenants/${onboarding.tenantHost}/clients/${clientId}/secrets`;
    const { hints } = (await (await fetch(control, { method: 'POST' })).json()) as { hints: string[] };
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toEqual({ ...oneWorkingClient, secretsAtQlik: [2] });
    expect((await site.stateOf(onboarding.tenantHost)).clients[0].hints).toEqual(expect.arrayContaining(hints));
    const { steps } = await installation.run(onboarding.runId);
    expect(steps.find(({ name }) => name === 'settle-creation')?.output).toMatchObject({
      deadSecretsDeleted: 1,
      unrecognisedSecrets: 1,
    });
  });

  it('are looked for again by a worker that takes the run over before it meant to make one', async () => {
    const onboarding = await installation.accept('taken-over');
    const whole = new Life();
    const model = await installation.accept('taken-over-model');
    await installation.finish(model, whole);
    const create = whole.awaited.findIndex((what) => what.includes('SET intent'));
    const dying = installation.finish(onboarding, new Life({ at: create + 1, when: 'before' }));
    await expect(dying).rejects.toThrow(ProcessDied);
    // As if the client had been made by a worker that the row knows nothing of.
    const tenant = await site.tenantOf(onboarding.tenantHost);
    await tenant.create({ clientName: `tenant-provisioner/${onboarding.customerId}/${'e'.repeat(32)}` });
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toEqual(oneWorkingClient);
  });

  it('are left alone and told if they are of another customer', async () => {
    const onboarding = await installation.accept('strange');
    const tenant = await site.tenantOf(onboarding.tenantHost);
    const stranger = await tenant.create({ clientName: `tenant-provisioner/${randomUUID()}/${'f'.repeat(32)}` });
    const lookAlike = await tenant.create({ clientName: `tenant-provisioner/${onboarding.customerId}` });
    await tenant.create({ clientName: `somebody-elses/${onboarding.customerId}/` });
    await installation.finish(onboarding);
    expect(await installation.outcomeOf(onboarding)).toEqual({ ...oneWorkingClient, clientsCreated: 4 });
    for (const { clientId } of [stranger, lookAlike]) {
      expect((await tenant.api('GET', `/${clientId}`)).status).toBe(200);
    }
    const events = await installation.auditOf(onboarding.customerId);
    expect(events.filter(({ action }) => action === 'oauth_client.unrecognised')).toMatchObject([
      { data: { count: 2 } },
    ]);
    expect((await installation.run(onboarding.runId)).steps[0]?.output).toMatchObject({ unrecognisedClients: 2 });
  });
});
