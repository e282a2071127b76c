import { beforeEach, describe, expect, it } from '@jest/globals';
import { inputOfNext } from '@app/customers';
import type { CustomerState } from '@app/platform';
import { IMPERSONATION_GRANTS, type OAuthClient } from '@app/qlik';
import { clientName, ReconciliationWalk, refuse, target, Tenant } from '../../testing/reconciliation-walk.js';
import { RaiseDriftStep } from './raise-drift.step.js';

const everything: Partial<OAuthClient> = {
  clientName: 'renamed',
  allowedGrantTypes: ['client_credentials'],
  allowedScopes: ['user_default', 'admin.users'],
  redirectUris: [],
  allowedOrigins: ['https://evil.example'],
};
const settingsKinds = [
  'CLIENT_RENAMED',
  'GRANTS_CHANGED',
  'SCOPES_CHANGED',
  'REDIRECT_URIS_CHANGED',
  'ORIGINS_CHANGED',
];

describe('a reconciliation', () => {
  let tenant: Tenant;
  beforeEach(() => {
    tenant = new Tenant();
  });

  it('reads, and does nothing where nothing differs', async () => {
    const run = new ReconciliationWalk(tenant);
    expect(await run.walk()).toBeUndefined();
    expect(run.outputs).toEqual({ 'compare-client': { oauthClientId: 'row', clientId: 'c1', findings: [] } });
    expect([run.intent, run.events, tenant.writes]).toEqual([null, [], []]);
    expect(tenant.reads).toEqual(['get-oauth-client', 'get-connection-config']);
  });

  it('sets back whatever is ours to set, and is sure that it is', async () => {
    tenant.change(everything);
    tenant.consentMethod = 'required';
    const made = new Tenant().client;
    const run = new ReconciliationWalk(tenant);
    expect(await run.walk()).toBeUndefined();
    const { clientName: _name, ...settings } = {
      clientName,
      allowedGrantTypes: [...IMPERSONATION_GRANTS],
      allowedScopes: target.scopes,
      redirectUris: target.redirectUris,
      allowedOrigins: target.allowedOrigins,
    };
    expect(tenant.writes).toEqual(['trust', { clientName, ...settings }]);
    expect([tenant.client, tenant.consentMethod]).toEqual([made, 'trusted']);
    const kinds = [settingsKinds[0], 'CONSENT_CHANGED', ...settingsKinds.slice(1)];
    expect(run.told('drift.detected')).toEqual(kinds);
    expect(run.told('drift.repaired')).toEqual(kinds);
    expect(run.outputs['repair-client']).toEqual({ repaired: kinds, left: [] });
    expect(run.intent).toBeNull();
  });

  it('changes nothing but what differs', async () => {
    tenant.change({ allowedScopes: [] });
    await new ReconciliationWalk(tenant).walk();
    expect(tenant.writes).toEqual([{ allowedScopes: ['user_default'] }]);
    tenant.consentMethod = undefined;
    await new ReconciliationWalk(tenant).walk();
    expect(tenant.writes.slice(1)).toEqual(['trust']);
  });

  it('touches nothing where the policy is to raise, and says what differs', async () => {
    tenant.change(everything);
    const run = new ReconciliationWalk(tenant, 'raise');
    expect(await run.walk()).toMatchObject({
      kind: 'attention',
      error: { code: 'DRIFT_FOUND', message: expect.stringContaining(settingsKinds.join(', ')) },
    });
    expect(run.told('drift.detected')).toEqual(settingsKinds);
    expect([tenant.writes, run.outputs['repair-client'], run.told('drift.repaired')]).toEqual([[], undefined, []]);
    expect(tenant.reads).toHaveLength(2);
    expect(run.state).toBe('ready');
  });

  it('keeps what it repaired, and asks about the rest', async () => {
    tenant.change({ clientName: 'renamed', clientSecrets: [{ hint: 'two' }, { hint: 'one' }, { hint: 'alien' }] });
    const run = new ReconciliationWalk(tenant);
    expect(await run.walk()).toMatchObject({
      kind: 'attention',
      error: {
        message: 'The OAuth client "c1" differs at Qlik from what is recorded and wanted: SECRET_UNRECOGNISED.',
        hint: expect.stringContaining('who made the secrets'),
      },
    });
    expect(run.told('drift.repaired')).toEqual(['CLIENT_RENAMED']);
    expect(run.intent).toEqual({
      phase: 'raised',
      told: [{ kind: 'SECRET_UNRECOGNISED', repair: null, count: 1 }],
    });
    expect(run.state).toBe('ready');
  });

  it.each<[string, (tenant: Tenant) => void, CustomerState]>([
    ['CLIENT_MISSING', (at) => (at.client = undefined), 'degraded'],
    ['CLIENT_DISABLED', (at) => at.change({ disableTag: 'x', clientName: 'renamed' }), 'degraded'],
    ['SECRET_MISSING', (at) => at.change({ clientSecrets: [{ hint: 'one' }] }), 'degraded'],
    ['SECRET_MISSING', (at) => at.change({ clientSecrets: [{ hint: 'two' }] }), 'ready'],
    [
      'SECRET_UNRECOGNISED',
      (at) => at.change({ clientSecrets: ['one', 'two', 'x'].map((hint) => ({ hint })) }),
      'ready',
    ],
  ])('on %s writes nothing at Qlik, and knows whether the credential can work', async (kind, harm, state) => {
    harm(tenant);
    const run = new ReconciliationWalk(tenant);
    expect(await run.walk()).toMatchObject({ kind: 'attention', error: { message: expect.stringContaining(kind) } });
    expect([run.state, tenant.writes]).toEqual([state, []]);
    expect(run.told('customer.degraded')).toEqual(state === 'degraded' ? [kind] : []);
  });

  it('makes a degraded customer ready only once nothing differs', async () => {
    const run = new ReconciliationWalk(tenant);
    run.state = 'degraded';
    tenant.change({ clientSecrets: ['one', 'two', 'x'].map((hint) => ({ hint })) });
    await run.walk();
    expect(run.state).toBe('degraded');
    tenant.change({ clientSecrets: ['one', 'two'].map((hint) => ({ hint })), clientName: 'renamed' });
    await run.walk();
    expect([run.state, run.told('customer.ready')]).toEqual(['ready', [null]]);
  });

  it.each<CustomerState>(['onboarding', 'failed', 'offboarding'])('leaves a customer that is %s so', async (state) => {
    const run = new ReconciliationWalk(tenant);
    run.state = state;
    tenant.client = undefined;
    await run.walk();
    tenant.client = new Tenant().client;
    await run.walk();
    expect(run.state).toBe(state);
  });

  it('asks a person where somebody sets back what it repairs', async () => {
    tenant.change({ allowedScopes: [], clientName: 'renamed' });
    tenant.onWrite = () => void tenant.change({ clientName });
    const setBack = () => tenant.change({ allowedScopes: [] });
    const { patch } = tenant.oauthClients;
    tenant.oauthClients.patch = (...asks) => patch(...asks).then(setBack);
    const run = new ReconciliationWalk(tenant);
    expect(await run.walk()).toMatchObject({ kind: 'retry' });
    for (let repairs = 2; repairs < 5; repairs += 1)
      expect(await run.walk('repair-client')).toMatchObject({ kind: 'retry' });
    expect(await run.walk('repair-client')).toMatchObject({
      kind: 'attention',
      error: { code: 'DRIFT_FOUND', message: expect.stringMatching(/: SCOPES_CHANGED\.$/) },
    });
    expect(tenant.writes).toHaveLength(5);
    expect(run.told('drift.repaired')).toEqual(['CLIENT_RENAMED']);
    expect(run.intent).toMatchObject({ phase: 'raised', told: [{ kind: 'SCOPES_CHANGED' }] });
  });

  it('tries again where a repair does not show', async () => {
    tenant.change({ allowedScopes: [] });
    tenant.onWrite = () => 'ignored';
    const run = new ReconciliationWalk(tenant);
    expect(await run.walk()).toMatchObject({
      kind: 'retry',
      exhausted: 'failed',
      error: { code: 'DRIFT_FOUND', message: expect.stringContaining('SCOPES_CHANGED') },
    });
    tenant.onWrite = () => undefined;
    expect(await run.walk('repair-client')).toBeUndefined();
    expect(tenant.writes).toHaveLength(2);
    expect(run.told('drift.repaired')).toEqual(['SCOPES_CHANGED']);
  });

  it('audits a repair whose process ended before it was committed', async () => {
    tenant.change({ allowedScopes: [] });
    tenant.onWrite = () => 'ignored';
    const run = new ReconciliationWalk(tenant);
    await run.walk();
    tenant.onWrite = () => undefined;
    await run.crashIn('repair-client');
    expect(run.told('drift.repaired')).toEqual([]);
    expect(await run.walk('repair-client')).toBeUndefined();
    expect(run.told('drift.repaired')).toEqual(['SCOPES_CHANGED']);
    expect(tenant.writes).toHaveLength(2);
  });

  it('looks again after a wait, and audits what it finds then', async () => {
    tenant.change({ allowedScopes: [] });
    tenant.onWrite = () => 'ignored';
    const run = new ReconciliationWalk(tenant);
    await run.walk();
    tenant.onWrite = () => undefined;
    tenant.change({ allowedScopes: target.scopes, clientName: 'renamed' });
    expect(await run.walk('repair-client')).toBeUndefined();
    expect(run.told('drift.detected')).toEqual(['SCOPES_CHANGED', 'CLIENT_RENAMED']);
    expect(run.told('drift.repaired')).toEqual(['SCOPES_CHANGED', 'CLIENT_RENAMED']);
  });

  it('sets the rest where the tenant takes no origins on such a client', async () => {
    tenant.change(everything);
    tenant.onWrite = (write) => {
      if (write !== 'trust' && write.allowedOrigins) throw refuse('QLIK_REFUSED', 'patch-oauth-client', 400);
      return undefined;
    };
    const run = new ReconciliationWalk(tenant);
    expect(await run.walk()).toMatchObject({
      kind: 'attention',
      error: { message: expect.stringMatching(/: ORIGINS_CHANGED\.$/) },
    });
    expect(tenant.writes).toHaveLength(2);
    expect(run.told('drift.repaired')).toEqual(settingsKinds.slice(0, -1));
  });

  it.each([
    ['QLIK_REFUSED', 400],
    ['QLIK_FORBIDDEN', 403],
    ['QLIK_UNREADABLE', 202],
  ] as const)('on %s does not try again, and shows what Qlik said', async (code, status) => {
    tenant.change({ ...everything, allowedOrigins: target.allowedOrigins });
    tenant.onWrite = () => {
      throw refuse(code, 'patch-oauth-client', status);
    };
    const run = new ReconciliationWalk(tenant);
    const asked = { kind: 'attention', error: { code: 'DRIFT_FOUND', qlik: { status } } };
    expect(await run.walk()).toMatchObject(asked);
    expect(await run.walk('raise-drift')).toMatchObject(asked);
    expect(tenant.writes).toHaveLength(1);
  });

  it('tells what may pass as it is', async () => {
    tenant.change(everything);
    tenant.onWrite = () => {
      throw refuse('QLIK_UNAVAILABLE', 'patch-oauth-client', 503);
    };
    await expect(new ReconciliationWalk(tenant).walk()).rejects.toMatchObject({ code: 'QLIK_UNAVAILABLE' });
    expect(tenant.writes).toHaveLength(1);
  });

  it('takes a client that goes while it is repaired for gone, and for nothing else', async () => {
    tenant.change({ allowedScopes: [] });
    tenant.onWrite = () => void (tenant.client = undefined);
    const run = new ReconciliationWalk(tenant);
    expect(await run.walk()).toMatchObject({ error: { message: expect.stringMatching(/: CLIENT_MISSING\.$/) } });
    expect(run.told('drift.detected')).toEqual(['SCOPES_CHANGED', 'CLIENT_MISSING']);
    expect([run.told('drift.repaired'), run.state]).toEqual([[], 'degraded']);
  });

  it('looks again when a person retries it, until that person has put it right', async () => {
    tenant.change({ disableTag: 'x' });
    const run = new ReconciliationWalk(tenant);
    await run.walk();
    expect(await run.walk('raise-drift')).toMatchObject({ kind: 'attention', error: { code: 'DRIFT_FOUND' } });
    tenant.change({ disableTag: '' });
    expect(await run.walk('raise-drift')).toBeUndefined();
    expect([run.told('drift.repaired'), run.state, run.intent]).toEqual([['CLIENT_DISABLED'], 'ready', null]);
  });

  it('begun anew tells the audit what is new, what differs in another way, and what is gone', async () => {
    const hints = (...more: string[]) => ({ clientSecrets: ['one', 'two', ...more].map((hint) => ({ hint })) });
    tenant.change({ ...hints('x'), clientName: 'renamed' });
    const run = new ReconciliationWalk(tenant, 'raise');
    await run.walk();
    expect(await run.beginAnew()).toMatchObject({ kind: 'attention' });
    expect(run.told('drift.detected')).toEqual(['CLIENT_RENAMED', 'SECRET_UNRECOGNISED']);
    tenant.change({ ...hints('x', 'y'), clientName });
    await run.beginAnew();
    expect(run.told('drift.detected').slice(2)).toEqual(['SECRET_UNRECOGNISED']);
    expect(run.told('drift.repaired')).toEqual(['CLIENT_RENAMED']);
    tenant.change(hints());
    expect(await run.beginAnew()).toBeUndefined();
    expect(run.told('drift.detected')).toHaveLength(3);
    expect(run.told('drift.repaired')).toEqual(['CLIENT_RENAMED', 'SECRET_UNRECOGNISED']);
  });

  it('begun anew before it came to a comparison still knows what it told', () => {
    const told = [{ kind: 'CLIENT_RENAMED', repair: 'settings' }];
    expect(inputOfNext({ intent: null, input: { told } })).toEqual({ told, changed: [] });
    expect(inputOfNext({ intent: null, input: {} })).toEqual({ told: [], changed: [] });
  });

  it('puts ids and codes in the audit, and which secret is missing', async () => {
    tenant.change({ clientSecrets: [{ hint: 'one' }] });
    const run = new ReconciliationWalk(tenant);
    await run.walk();
    expect(run.events[0]).toEqual({
      action: 'drift.detected',
      subject: { oauthClientId: 'row', clientId: 'c1', secretVersionId: 'v2' },
      data: { kind: 'SECRET_MISSING', repair: null, isCurrent: true },
    });
  });

  it('puts counts in the audit, and which further clients there are', async () => {
    tenant.change({ clientSecrets: ['one', 'two', 'x'].map((hint) => ({ hint })), allowedScopes: ['a', 'b'] });
    const twins = ['c2', 'c3'].map((clientId) => ({ ...tenant.client!, clientId }));
    tenant.oauthClients.listByPrefix = () => Promise.resolve(twins);
    const run = new ReconciliationWalk(tenant, 'raise');
    await run.walk();
    expect(run.events.map(({ data }) => data)).toEqual([
      { kind: 'SCOPES_CHANGED', repair: 'settings', missing: 1, extra: 2 },
      { kind: 'SECRET_UNRECOGNISED', repair: null, count: 1 },
      { kind: 'CLIENT_DUPLICATED', repair: null, clientIds: 'c2 c3' },
    ]);
  });

  it('leaves the customer to a rotation while it waits for a person', () => {
    expect(new RaiseDriftStep({} as never, {} as never).sharesCustomer).toBe(true);
  });
});
