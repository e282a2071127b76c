import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Stack, type StackOptions } from '../stack.js';
import {
  addForeignSecret,
  clientAtQlik,
  deleteOurSecret,
  deleteSecret,
  events,
  makeDue,
  makeReady,
  ON_DEMAND,
  type Onboarded,
  reconcile,
  reconciliations,
  stateOf,
  told,
  useCredential,
  WANTED,
} from './reconciled-customer.js';

const GRANTS = ['client_credentials', 'urn:qlik:oauth:user-impersonation'];

let stack: Stack;
const start = (env: NodeJS.ProcessEnv, more: StackOptions = {}) => {
  beforeAll(async () => {
    stack = await Stack.start({ env, ...more });
  });
  afterAll(() => stack.close());
};

const ready = (name: string, more: object = {}) => makeReady(stack, name, more);

const patch =
  (path: string, value: unknown) =>
  async ({ tenant, clientId }: Onboarded): Promise<void> => {
    expect((await tenant.api('PATCH', `/${clientId}`, { body: [{ op: 'replace', path, value }] })).status).toBe(204);
  };

async function deleteClient({ tenant, clientId }: Onboarded): Promise<void> {
  const headers = { 'qlik-confirm-delete': clientId };
  expect((await tenant.api('DELETE', `/${clientId}`, { headers })).status).toBe(204);
}

async function disable({ tenant, clientId }: Onboarded, disabled = true): Promise<void> {
  expect((await tenant.disable(clientId, disabled)).status).toBe(200);
}

async function askForConsent({ tenant, clientId }: Onboarded): Promise<void> {
  const body = [{ op: 'replace', path: '/consentMethod', value: 'required' }];
  expect((await tenant.api('PATCH', `/${clientId}/connection-configs/me`, { body })).status).toBe(204);
}

async function addTwin({ customerId, tenant }: Onboarded): Promise<string> {
  const clientName = `tenant-provisioner/${customerId}/${'b'.repeat(32)}`;
  return (await tenant.create({ clientName })).clientId;
}

const clientsAtQlik = async ({ stack, name }: Onboarded) =>
  (await stack.state(name)).clients.map(({ updatedAt: _, ...client }: any) => client);

async function retry(runId: string): Promise<any> {
  const { headers } = await stack.call('GET', `/v1/runs/${runId}`);
  const options = { headers: { 'if-match': String(headers.etag) }, body: { reason: 'it is enabled again' } };
  expect(await stack.call('POST', `/v1/runs/${runId}/retry`, options)).toMatchObject({ status: 202 });
  return stack.runEnd(runId);
}

/** What `work` returns, and the calls that the tenant got meanwhile. */
async function counting({ name }: Onboarded, work: () => Promise<any>): Promise<{ run: any; calls: object }> {
  const before = (await stack.state(name)).requests;
  const run = await work();
  const after = Object.entries<number>((await stack.state(name)).requests);
  const calls = after.map(([operation, count]) => [operation, count - (before[operation] ?? 0)] as const);
  return { run, calls: Object.fromEntries(calls.filter(([, count]) => count > 0)) };
}

const stepsOf = (run: any) => run.steps.map((step: any) => [step.name, step.state]);

/** What can be set back, and how a person at the tenant brings it about. */
const REPAIRABLE: [kind: string, name: string, harm: (onboarded: Onboarded) => Promise<void>][] = [
  ['CLIENT_RENAMED', 'renamed', patch('/clientName', 'ours no more')],
  ['CONSENT_CHANGED', 'consent', askForConsent],
  ['GRANTS_CHANGED', 'grants', patch('/allowedGrantTypes', [GRANTS[0]])],
  ['SCOPES_CHANGED', 'scopes', patch('/allowedScopes', ['user_default', 'admin.users'])],
  ['REDIRECT_URIS_CHANGED', 'redirects', patch('/redirectUris', ['https://evil.example/'])],
  ['ORIGINS_CHANGED', 'origins', patch('/allowedOrigins', [])],
];

/** What only a person can mend, what it means for the customer, and how it is mended, where it can be. */
const RAISED: [
  kind: string,
  name: string,
  state: string,
  harm: (onboarded: Onboarded) => Promise<unknown>,
  mend: ((onboarded: Onboarded, harmed: any) => Promise<void>) | undefined,
][] = [
  ['CLIENT_MISSING', 'missing', 'degraded', deleteClient, undefined],
  ['CLIENT_DISABLED', 'disabled', 'degraded', disable, (onboarded) => disable(onboarded, false)],
  ['SECRET_MISSING', 'secretless', 'degraded', deleteOurSecret, undefined],
  ['SECRET_UNRECOGNISED', 'foreign-secret', 'ready', addForeignSecret, deleteSecret],
  ['CLIENT_DUPLICATED', 'twin', 'ready', addTwin, (onboarded, clientId) => deleteClient({ ...onboarded, clientId })],
];

describe('a reconciliation that repairs', () => {
  start(ON_DEMAND);

  it('finds nothing where nothing differs, in three calls, and leaves the audit and the customer alone', async () => {
    const onboarded = await ready('fine');
    const before = await clientsAtQlik(onboarded);
    const { run, calls } = await counting(onboarded, () => reconcile(onboarded));
    expect(run).toMatchObject({ state: 'succeeded', error: null, actor: 'schedule' });
    expect(stepsOf(run)).toEqual([
      ['compare-client', 'succeeded'],
      ['repair-client', 'skipped'],
      ['raise-drift', 'skipped'],
    ]);
    expect(calls).toEqual({ get: 1, 'config-get': 1, list: 1 });
    expect(await clientsAtQlik(onboarded)).toEqual(before);
    expect((await events(onboarded)).map(({ action }) => action)).toEqual(['run.succeeded']);
    expect(await stateOf(onboarded)).toBe('ready');
  });

  it.each(REPAIRABLE)('%s: sets it back, and tells the audit', async (kind, name, harm) => {
    const onboarded = await ready(name);
    const before = await clientsAtQlik(onboarded);
    await harm(onboarded);
    expect(await clientsAtQlik(onboarded)).not.toEqual(before);
    const run = await reconcile(onboarded);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(await clientsAtQlik(onboarded)).toEqual(before);
    expect((await events(onboarded)).map(({ action, data }) => [action, data.kind])).toEqual([
      ['drift.detected', kind],
      ['drift.repaired', kind],
      ['run.succeeded', undefined],
    ]);
    expect((await events(onboarded))[0]?.subject).toMatchObject({ clientId: onboarded.clientId, runId: run.id });
    expect([await stateOf(onboarded), await useCredential(onboarded)]).toEqual(['ready', 200]);
    expect((await reconcile(onboarded)).id).not.toBe(run.id);
    expect(await told(onboarded, 'drift.detected')).toEqual([kind]);
  });

  it('sets everything back that differs at once, in two calls, and reads it back', async () => {
    const onboarded = await ready('everything');
    const before = await clientsAtQlik(onboarded);
    for (const [, , harm] of REPAIRABLE) await harm(onboarded);
    const { run, calls } = await counting(onboarded, () => reconcile(onboarded));
    expect(run).toMatchObject({ state: 'succeeded' });
    expect(calls).toEqual({ get: 2, 'config-get': 2, list: 2, patch: 1, 'config-patch': 1 });
    expect(await clientsAtQlik(onboarded)).toEqual(before);
    const kinds = REPAIRABLE.map(([kind]) => kind);
    expect(await told(onboarded, 'drift.detected')).toEqual(kinds);
    expect(await told(onboarded, 'drift.repaired')).toEqual(kinds);
  });

  it.each(RAISED)('%s: asks a person, once, and changes nothing', async (kind, name, state, harm, mend) => {
    const onboarded = await ready(name);
    const harmed = await harm(onboarded);
    const before = await clientsAtQlik(onboarded);
    const run = await reconcile(onboarded);
    expect(run).toMatchObject({ state: 'needs_attention', step: 'raise-drift', error: { code: 'DRIFT_FOUND' } });
    expect(run.error.message).toMatch(new RegExp(`"${onboarded.clientId}".* ${kind}\\.$`));
    expect(await stateOf(onboarded)).toBe(state);

    const again = await counting(onboarded, () => reconcile(onboarded));
    expect(again).toMatchObject({ run: { id: run.id, state: 'needs_attention' }, calls: { list: 1, get: 1 } });
    expect(await reconciliations(onboarded)).toHaveLength(1);
    expect(await clientsAtQlik(onboarded)).toEqual(before);
    expect(await told(onboarded, 'drift.detected')).toEqual([kind]);
    expect(await told(onboarded, 'customer.degraded')).toEqual(state === 'degraded' ? [kind] : []);

    if (mend === undefined) return;
    await mend(onboarded, harmed);
    expect(await reconcile(onboarded)).toMatchObject({ id: run.id, state: 'succeeded', error: null });
    expect(await told(onboarded, 'drift.repaired')).toEqual([kind]);
    expect([await stateOf(onboarded), await useCredential(onboarded)]).toEqual(['ready', 200]);
  });

  it('repairs what it can beside what is raised, also what differs only later', async () => {
    const onboarded = await ready('both');
    const hint = await addForeignSecret(onboarded);
    await patch('/allowedScopes', [])(onboarded);
    const run = await reconcile(onboarded);
    expect(run.error.message).toMatch(/: SECRET_UNRECOGNISED\.$/);
    expect((await clientAtQlik(onboarded)).allowedScopes).toEqual(WANTED.scopes);

    await askForConsent(onboarded);
    expect(await reconcile(onboarded)).toMatchObject({ id: run.id, state: 'needs_attention' });
    expect(await clientAtQlik(onboarded)).toMatchObject({
      consentMethod: 'trusted',
      hints: expect.arrayContaining([hint]),
    });
    expect(await told(onboarded, 'drift.detected')).toEqual([
      'SCOPES_CHANGED',
      'SECRET_UNRECOGNISED',
      'CONSENT_CHANGED',
    ]);
    expect(await told(onboarded, 'drift.repaired')).toEqual(['SCOPES_CHANGED', 'CONSENT_CHANGED']);
  });

  it('tells of one more secret that is not ours', async () => {
    const onboarded = await ready('one-more');
    await addForeignSecret(onboarded);
    await reconcile(onboarded);
    await addForeignSecret(onboarded);
    await reconcile(onboarded);
    await reconcile(onboarded);
    const detected = (await events(onboarded)).filter(({ action }) => action === 'drift.detected');
    expect(detected.map(({ data }) => data)).toEqual([
      { kind: 'SECRET_UNRECOGNISED', repair: null, count: 1 },
      { kind: 'SECRET_UNRECOGNISED', repair: null, count: 2 },
    ]);
  });

  it('leaves what a person has disabled as it is, and sets it back once it is enabled', async () => {
    const onboarded = await ready('disabled-and-renamed');
    const before = await clientsAtQlik(onboarded);
    await disable(onboarded);
    await patch('/clientName', 'kept for evidence')(onboarded);
    const run = await reconcile(onboarded);
    expect(run.error.message).toMatch(/: CLIENT_DISABLED, CLIENT_RENAMED\.$/);
    expect((await clientAtQlik(onboarded)).clientName).toBe('kept for evidence');
    await disable(onboarded, false);
    const retried = await retry(run.id);
    expect(retried).toMatchObject({ state: 'needs_attention', step: 'raise-drift' });
    expect(retried.error.message).toMatch(/: CLIENT_RENAMED\.$/);
    expect(await reconcile(onboarded)).toMatchObject({ id: run.id, state: 'succeeded' });
    expect(await clientsAtQlik(onboarded)).toEqual(before);
    expect(await told(onboarded, 'drift.repaired')).toEqual(['CLIENT_DISABLED', 'CLIENT_RENAMED']);
    expect(await told(onboarded, 'customer.ready')).toHaveLength(1);
  });

  it('fails where the tenant cannot be asked, and is made again as the same run, which knows what it told', async () => {
    const onboarded = await ready('shut');
    const hint = await addForeignSecret(onboarded);
    const { id } = await reconcile(onboarded);
    await onboarded.tenant.configure({ forbidden: true });
    await makeDue(onboarded);
    await stack.runWhen(id, ({ state }) => state === 'waiting');
    // The last of its tries is the next one.
    await stack.test.database.sql.$executeRaw`
      UPDATE runs SET attempts = 7, next_run_at = now(), fence = fence + 1 WHERE id = ${id}::uuid AND state = 'waiting'`;
    expect(await stack.runWhen(id, ({ state }) => state === 'failed')).toMatchObject({
      step: 'compare-client',
      error: { code: 'QLIK_FORBIDDEN' },
    });
    expect(await stateOf(onboarded)).toBe('ready');

    await onboarded.tenant.configure({});
    expect(await reconcile(onboarded)).toMatchObject({ id, state: 'needs_attention' });
    await deleteSecret(onboarded, hint);
    expect(await reconcile(onboarded)).toMatchObject({ id, state: 'succeeded', error: null });
    expect(await told(onboarded, 'drift.detected')).toEqual(['SECRET_UNRECOGNISED']);
    expect(await told(onboarded, 'drift.repaired')).toEqual(['SECRET_UNRECOGNISED']);
  });
});

describe('a reconciliation that only raises', () => {
  start({ ...ON_DEMAND, RECONCILIATION_POLICY: 'raise' });

  it.each(REPAIRABLE)('%s: changes nothing and asks a person', async (kind, name, harm) => {
    const onboarded = await ready(name);
    const fine = await clientAtQlik(onboarded);
    await harm(onboarded);
    const before = await clientsAtQlik(onboarded);
    const run = await reconcile(onboarded);
    expect(run).toMatchObject({ state: 'needs_attention', error: { code: 'DRIFT_FOUND' } });
    expect(run.error.message).toMatch(new RegExp(` ${kind}\\.$`));
    expect(await clientsAtQlik(onboarded)).toEqual(before);
    expect(stepsOf(run)[1]).toEqual(['repair-client', 'skipped']);
    expect([await stateOf(onboarded), await told(onboarded, 'drift.repaired')]).toEqual(['ready', []]);

    await onboarded.tenant.trust(onboarded.clientId);
    const { clientName, allowedGrantTypes, allowedScopes, redirectUris, allowedOrigins } = fine;
    const settings = { clientName, allowedGrantTypes, allowedScopes, redirectUris, allowedOrigins };
    for (const [field, value] of Object.entries(settings)) await patch(`/${field}`, value)(onboarded);
    expect(await reconcile(onboarded)).toMatchObject({ id: run.id, state: 'succeeded' });
    expect(await told(onboarded, 'drift.repaired')).toEqual([kind]);
  });
});
