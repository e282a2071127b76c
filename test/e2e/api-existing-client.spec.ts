import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { TenantClient } from '../../apps/sandbox/testing/tenant-client.js';
import { parentClient, Stack } from '../stack.js';

const GRANTS = ['client_credentials', 'urn:qlik:oauth:user-impersonation'];

let stack: Stack;
let log = '';

beforeAll(async () => {
  stack = await Stack.start({
    env: { ROTATION_GRACE_SECONDS: '0.3', ROTATION_ACKNOWLEDGEMENT: 'none', RECONCILIATION_INTERVAL_SECONDS: '3600' },
    log: { write: (line) => void (log += line) },
  });
});
afterAll(() => stack.close());

/** A client that the OEM's script had made, with the first of its secrets. */
interface Scripted {
  name: string;
  tenant: TenantClient;
  clientId: string;
  clientSecret: string;
  hint: string;
}

async function script(name: string, fields: object = {}): Promise<Scripted> {
  const parent = [parentClient.clientId, parentClient.clientSecret] as const;
  const tenant = await TenantClient.connect(stack.sandbox.url, `${name}.eu.qlikcloud.com`, ...parent);
  const { clientId, clientSecret, clientSecrets } = await tenant.create({ clientName: 'portal', ...fields });
  return { name, tenant, clientId, clientSecret, hint: clientSecrets?.[0]?.hint ?? '' };
}

/** One more secret, made by the OEM's script with the same parent client that we use. */
async function addSecret({ tenant, clientId }: Scripted): Promise<{ hint: string; secret: string }> {
  const { status, body } = await tenant.api('POST', `/${clientId}/client-secrets`);
  expect(status).toBe(201);
  return { hint: body.hint, secret: body.clientSecret };
}

const signUp = (name: string, existingClient: object, more: object = {}, key = `onboard-${name}`) =>
  stack.call('POST', '/v1/customers', {
    headers: { 'idempotency-key': key },
    body: { externalId: name, name, tenantHost: `${name}.eu.qlikcloud.com`, existingClient, ...more },
  });

/** Signs up a customer with its client, and returns it with its run at its end. */
async function onboard(name: string, existingClient: object, more: object = {}) {
  const { status, body } = await signUp(name, existingClient, more);
  expect({ status, code: body.code }).toEqual({ status: 202, code: undefined });
  return { customerId: body.customer.id as string, run: await stack.runEnd(body.run.id) };
}

/** A customer that is ready, with the client that it was signed up with. */
async function ready(scripted: Scripted, existingClient: object, more: object = {}): Promise<string> {
  const { customerId, run } = await onboard(scripted.name, existingClient, more);
  expect(run).toMatchObject({ state: 'succeeded', error: null });
  return customerId;
}

const stateOf = async (name: string) => stack.state(name);
const hintsOf = async ({ name, clientId }: Scripted): Promise<string[]> =>
  (await stateOf(name)).clients.find((client: any) => client.clientId === clientId).hints;

const credentials = async (customerId: string) =>
  (await stack.call('GET', `/v1/customers/${customerId}/credentials`)).body;

const versions = async (customerId: string) =>
  (await stack.call('GET', `/v1/customers/${customerId}/secret-versions`)).body.secretVersions;

const events = async (customerId: string): Promise<any[]> =>
  (await stack.call('GET', `/v1/audit-events?customerId=${customerId}&limit=100`)).body.events.reverse();

const actions = async (customerId: string) => (await events(customerId)).map(({ action }) => action);

async function works({ tenant, clientId }: Scripted, secret: string): Promise<boolean> {
  return (await tenant.tokenFor(clientId, secret)).status === 200;
}

async function rotate(customerId: string, mode = 'graceful') {
  const { status, body } = await stack.call('POST', `/v1/customers/${customerId}/rotations`, {
    body: { mode, reason: 'a test' },
  });
  expect(status).toBe(202);
  return stack.runEnd(body.id);
}

async function change(runId: string, what: 'retry' | 'cancel') {
  const { headers } = await stack.call('GET', `/v1/runs/${runId}`);
  const options = { headers: { 'if-match': String(headers.etag) }, body: { reason: 'a test' } };
  const { status } = await stack.call('POST', `/v1/runs/${runId}/${what}`, options);
  expect(status).toBe(202);
  return stack.runWhen(runId, ({ state }) => (what === 'cancel' ? state === 'cancelled' : isAtEnd(state)));
}

const isAtEnd = (state: string) => ['succeeded', 'failed', 'needs_attention'].includes(state);

/** Everything that is stored, as text. */
async function dump(): Promise<string> {
  const { sql } = stack.test.database;
  const tables = await sql.$queryRaw<{ name: string }[]>`
    SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
    WHERE table_schema IN ('public', 'bullmq') AND table_type = 'BASE TABLE'`;
  const all: string[] = [];
  for (const { name } of tables)
    all.push(JSON.stringify(await stack.test.database.client.$queryRawUnsafe(`SELECT t::text FROM ${name} t`)));
  return all.join('\n');
}

describe('a customer whose client was made by a script', () => {
  it('is onboarded with that client and the secret that was given, and no client is made', async () => {
    const scripted = await script('given');
    const { clientId, clientSecret, hint } = scripted;
    const customerId = await ready(scripted, { clientId, clientSecret });
    expect(await credentials(customerId)).toMatchObject({ clientId, clientSecret, version: 1, hint });
    expect(await stateOf('given')).toMatchObject({
      ...{ clientsCreated: 1, secretsCreated: 1 },
      clients: [{ clientId, clientName: 'portal', consentMethod: 'trusted', hints: [hint] }],
    });
    expect(await actions(customerId)).toEqual([
      ...['data_key.created', 'customer.accepted', 'oauth_client.enrolled', 'secret.stored', 'token.minted'],
      ...['consent.trusted', 'token.minted', 'secret.promoted', 'customer.ready', 'run.succeeded', 'credentials.read'],
    ]);
    const { sql } = stack.test.database;
    const rows =
      await sql.$queryRaw`SELECT sealed, data_key_id AS key FROM existing_clients WHERE customer_id = ${customerId}::uuid`;
    expect(rows).toEqual([{ sealed: null, key: null }]);
  });

  it('gets a secret of its own where none was given, and the others are left', async () => {
    const scripted = await script('minted');
    const { clientId, clientSecret, hint } = scripted;
    const customerId = await ready(scripted, { clientId });
    const read = await credentials(customerId);
    expect(read).toMatchObject({ clientId, version: 1 });
    expect(read.clientSecret).not.toBe(clientSecret);
    expect(await hintsOf(scripted)).toEqual([hint, read.hint]);
    expect([await works(scripted, clientSecret), await works(scripted, read.clientSecret)]).toEqual([true, true]);
    expect((await stateOf('minted')).clientsCreated).toBe(1);
    const told = (await events(customerId)).filter(({ action }) => action === 'secret.unrecognised');
    expect(told).toMatchObject([{ subject: { clientId }, data: { count: 1 } }]);
  });

  it('is given what it lacks, and keeps what it has', async () => {
    const scripted = await script('unfit', {
      ...{ allowedGrantTypes: ['client_credentials'], allowedScopes: ['apps:read'] },
      redirectUris: ['https://old.example/callback'],
    });
    const { clientId, clientSecret, tenant } = scripted;
    const more = {
      redirectUris: ['https://new.example/callback'],
      verificationUser: { field: 'subject', value: 'demo' },
    };
    const customerId = await ready(scripted, { clientId, clientSecret }, more);
    const settings = {
      ...{ allowedGrantTypes: GRANTS, allowedScopes: ['apps:read', 'user_default'] },
      redirectUris: ['https://old.example/callback', 'https://new.example/callback'],
    };
    expect((await stateOf('unfit')).clients).toMatchObject([settings]);
    expect((await events(customerId)).find(({ action }) => action === 'oauth_client.changed')).toMatchObject({
      data: { settings: 'allowedGrantTypes,allowedScopes,redirectUris' },
    });

    expect(await compare(customerId)).toMatchObject({ state: 'succeeded' });
    expect(await actions(customerId)).not.toContain('drift.detected');
    expect((await stateOf('unfit')).clients).toMatchObject([settings]);

    // What is too many is taken away again, nothing that was there first with it, and nothing put back that somebody took away.
    const [first, ...rest] = settings.redirectUris;
    const body = [
      { op: 'replace', path: '/allowedScopes', value: [...settings.allowedScopes, 'admin.users'] },
      { op: 'replace', path: '/redirectUris', value: [...rest, 'https://foreign.example/'] },
    ];
    expect((await tenant.api('PATCH', `/${clientId}`, { body })).status).toBe(204);
    expect(await compare(customerId)).toMatchObject({ state: 'succeeded' });
    const [client] = (await stateOf('unfit')).clients;
    expect(client).toMatchObject({ redirectUris: rest });
    expect([...client.allowedScopes].sort()).toEqual(settings.allowedScopes);
    expect(client.redirectUris).not.toContain(first);
  });

  it('says which client is not there, makes none, and goes on once it is there', async () => {
    const scripted = await script('absent');
    const { customerId, run } = await onboard('absent', { clientId: 'no-such-client' });
    expect(run).toMatchObject({
      ...{ state: 'needs_attention', step: 'create-oauth-client' },
      error: { code: 'EXISTING_CLIENT_NOT_FOUND', message: expect.stringContaining('"no-such-client"') },
    });
    expect(await change(run.id, 'retry')).toMatchObject({ error: { code: 'EXISTING_CLIENT_NOT_FOUND' } });
    expect((await stateOf('absent')).clientsCreated).toBe(1);
    const name = (clientId: string) => stack.test.database.sql.$executeRaw`
      UPDATE existing_clients SET client_id = ${clientId} WHERE customer_id = ${customerId}::uuid`;
    // As if another customer had come to have it since.
    const { customerId: holderId, runId } = await stack.onboard('holder-of-absent');
    await stack.runEnd(runId);
    await name((await credentials(holderId)).clientId);
    expect(await change(run.id, 'retry')).toMatchObject({
      error: { code: 'EXISTING_CLIENT_TAKEN', message: expect.stringContaining(holderId) },
    });
    // As if the client had been out of sight until now.
    await name(scripted.clientId);
    expect(await change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
    expect((await credentials(customerId)).clientId).toBe(scripted.clientId);
  });

  it('says that its secret is refused, before it changes anything', async () => {
    const scripted = await script('wrong', { allowedScopes: ['apps:read'] });
    const { clientId, hint } = scripted;
    const { run } = await onboard('wrong', { clientId, clientSecret: 'f'.repeat(64) });
    expect(run).toMatchObject({
      ...{ state: 'needs_attention', step: 'create-oauth-client' },
      error: {
        code: 'EXISTING_SECRET_REFUSED',
        hint: expect.stringContaining('sign it up again'),
        qlik: { status: 401 },
      },
    });
    const before = (await stateOf('wrong')).clients;
    expect(before).toMatchObject([{ clientId, allowedScopes: ['apps:read'], hints: [hint] }]);

    // Signed up again, with the right one, once the customer was removed.
    await change(run.id, 'cancel');
    expect((await stateOf('wrong')).clients).toEqual(before);
    await offboard('wrong');
    const again = await signUp('wrong', { clientId, clientSecret: scripted.clientSecret }, {}, 'again');
    expect(await stack.runEnd(again.body.run.id)).toMatchObject({ state: 'succeeded' });
  });

  it.each([
    ['is of another kind', { appType: 'spa', allowedGrantTypes: [] }, 'appType'],
    ['is disabled', {}, 'disableTag'],
  ])('says that its client cannot be used when it %s', async (why, fields, named) => {
    const scripted = await script(why.replaceAll(' ', '-'), fields);
    if (named === 'disableTag') await scripted.tenant.disable(scripted.clientId, true);
    const { run } = await onboard(scripted.name, { clientId: scripted.clientId });
    expect(run).toMatchObject({
      ...{ state: 'needs_attention', step: 'create-oauth-client' },
      error: { code: 'EXISTING_CLIENT_UNUSABLE', message: expect.stringContaining(named) },
    });
    if (named !== 'disableTag') return;
    await scripted.tenant.disable(scripted.clientId, false);
    expect(await change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
  });

  it('names the settings that Qlik refuses to change', async () => {
    const scripted = await script('refusing', { allowedScopes: ['apps:read'] });
    await scripted.tenant.fault({ kind: 'status', status: 400, operation: 'patch', times: 1 });
    const { run } = await onboard('refusing', { clientId: scripted.clientId });
    expect(run.error).toMatchObject({
      ...{ code: 'EXISTING_CLIENT_UNUSABLE', message: expect.stringContaining('allowedScopes') },
      qlik: { status: 400 },
    });
    expect(await change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
  });

  it('has no room for a secret where there are five, until somebody makes room', async () => {
    const scripted = await script('full');
    const added = [];
    for (let more = 0; more < 4; more += 1) added.push(await addSecret(scripted));
    const { customerId, run } = await onboard('full', { clientId: scripted.clientId });
    expect(run.error).toMatchObject({ code: 'SECRET_CAPACITY' });
    const removed = added.pop()!;
    await scripted.tenant.api('DELETE', `/${scripted.clientId}/client-secrets/${removed.hint}`);
    expect(await change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
    const { hint } = await credentials(customerId);
    expect(await hintsOf(scripted)).toEqual([scripted.hint, ...added.map((one) => one.hint), hint]);
  });

  it('works with one of five secrets, and warns that there is no room to rotate', async () => {
    const scripted = await script('five');
    for (let more = 0; more < 4; more += 1) await addSecret(scripted);
    const { clientId, clientSecret } = scripted;
    const { customerId, run } = await onboard('five', { clientId, clientSecret });
    expect(run.state).toBe('succeeded');
    const { output } = run.steps.find((step: any) => step.name === 'create-oauth-client');
    expect(output.warnings).toEqual(['SECRETS_FULL']);
    expect(await credentials(customerId)).toMatchObject({ clientSecret, hint: null });
    expect(await rotate(customerId)).toMatchObject({ state: 'needs_attention', error: { code: 'SECRET_CAPACITY' } });
  });
});

/** Compares the customer with Qlik now, and returns the run at its end. */
async function compare(customerId: string) {
  const { sql } = stack.test.database;
  const [last] = (await stack.call('GET', `/v1/runs?customerId=${customerId}&plan=reconciliation`)).body.runs;
  await sql.$executeRaw`UPDATE customers SET next_reconciliation_at = now() WHERE id = ${customerId}::uuid`;
  for (const giveUpAt = Date.now() + 15_000; Date.now() < giveUpAt;) {
    const [run] = (await stack.call('GET', `/v1/runs?customerId=${customerId}&plan=reconciliation`)).body.runs;
    const isAnew = run !== undefined && (run.id !== last?.id || run.finishedAt !== last.finishedAt);
    if (isAnew && isAtEnd(run.state)) return stack.runEnd(run.id);
  }
  throw new Error(`The customer "${customerId}" was not compared.`);
}

/** What the removal of a customer leaves of it here, where nothing of it is recorded at Qlik. */
const offboard = (name: string) =>
  stack.test.database.sql.$executeRaw`UPDATE customers SET state = 'offboarded' WHERE external_id = ${name}`;

describe('its rotation', () => {
  it('replaces the secret that was given, where it is the only one', async () => {
    const scripted = await script('rotated');
    const { clientId, clientSecret } = scripted;
    const customerId = await ready(scripted, { clientId, clientSecret });
    expect(await rotate(customerId)).toMatchObject({ state: 'succeeded' });
    const read = await credentials(customerId);
    expect(read).toMatchObject({ clientId, version: 2 });
    expect([await works(scripted, read.clientSecret), await works(scripted, clientSecret)]).toEqual([true, false]);
    expect(await hintsOf(scripted)).toEqual([read.hint]);
    expect((await versions(customerId))[1]).toMatchObject({
      version: 1,
      state: 'revoked',
      retiredAt: expect.any(String),
    });
  });

  it('replaces the secret that was minted, and leaves the others', async () => {
    const scripted = await script('rotated-minted');
    const other = await addSecret(scripted);
    const customerId = await ready(scripted, { clientId: scripted.clientId });
    const old = await credentials(customerId);
    expect(await rotate(customerId)).toMatchObject({ state: 'succeeded' });
    const read = await credentials(customerId);
    expect(await hintsOf(scripted)).toEqual([scripted.hint, other.hint, read.hint]);
    expect([await works(scripted, old.clientSecret), await works(scripted, read.clientSecret)]).toEqual([false, true]);
  });

  it('leaves what the script mints with the same parent client while it goes on', async () => {
    const scripted = await script('still-scripted');
    const customerId = await ready(scripted, { clientId: scripted.clientId }, { rotation: { graceSeconds: 2 } });
    const { body } = await stack.call('POST', `/v1/customers/${customerId}/rotations`, {
      body: { mode: 'graceful', reason: 'a test' },
    });
    await stack.runWhen(body.id, ({ step }) => step === 'grace');
    const other = await addSecret(scripted);
    expect(await stack.runEnd(body.id)).toMatchObject({ state: 'succeeded' });
    expect(await works(scripted, other.secret)).toBe(true);
    expect(await hintsOf(scripted)).toHaveLength(3);
  });

  it('lets go of the secret that was given, where it cannot be told from others: all stay, and people are told once', async () => {
    const scripted = await script('several');
    const other = await addSecret(scripted);
    const { clientId, clientSecret } = scripted;
    const customerId = await ready(scripted, { clientId, clientSecret });
    expect(await credentials(customerId)).toMatchObject({ clientSecret, hint: null });
    expect(await compare(customerId)).toMatchObject({ state: 'succeeded' });

    const run = await rotate(customerId);
    expect(run).toMatchObject({ state: 'succeeded' });
    const { output } = run.steps.find((step: any) => step.name === 'retire');
    expect(output).toMatchObject({ retiredVersions: [], releasedVersions: [1], unrecognisedSecrets: 2 });
    const read = await credentials(customerId);
    expect(await hintsOf(scripted)).toEqual([scripted.hint, other.hint, read.hint]);
    expect([await works(scripted, clientSecret), await works(scripted, other.secret)]).toEqual([true, true]);
    expect((await versions(customerId))[1]).toMatchObject({ version: 1, state: 'revoked', retiredAt: null });
    expect(await actions(customerId)).toContain('secret.released');

    await settle(customerId);
    expect(await compare(customerId)).toMatchObject({
      state: 'needs_attention',
      error: { code: 'DRIFT_FOUND', message: expect.stringContaining('SECRET_UNRECOGNISED') },
    });
    for (const { hint } of [scripted, other])
      await scripted.tenant.api('DELETE', `/${clientId}/client-secrets/${hint}`);
    expect(await compare(customerId)).toMatchObject({ state: 'succeeded' });
    expect(await rotate(customerId)).toMatchObject({ state: 'succeeded' });
    expect(await hintsOf(scripted)).toEqual([(await credentials(customerId)).hint]);
  });

  it('does not end an emergency while such a secret is alive', async () => {
    const scripted = await script('leaked');
    await addSecret(scripted);
    const { clientId, clientSecret, hint } = scripted;
    const customerId = await ready(scripted, { clientId, clientSecret });
    const run = await rotate(customerId, 'emergency');
    expect(run).toMatchObject({ state: 'needs_attention', step: 'retire', error: { code: 'SECRET_UNRECOGNISED' } });
    await scripted.tenant.api('DELETE', `/${clientId}/client-secrets/${hint}`);
    expect(await change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
    expect((await versions(customerId))[1]).toMatchObject({ state: 'revoked', retiredAt: expect.any(String) });
  });

  /** As if what was revoked a moment ago had been so for long. */
  const settle = (customerId: string) =>
    stack.test.database.sql.$executeRaw`
      UPDATE secret_versions SET created_at = created_at - interval '1 hour', revoked_at = revoked_at - interval '1 hour'
      WHERE customer_id = ${customerId}::uuid`;
});

describe('its onboarding, cancelled', () => {
  /** An onboarding that enrolled the client and then stopped. */
  async function stopped(scripted: Scripted, existingClient: object) {
    await scripted.tenant.fault({ kind: 'status', status: 403, operation: 'config-patch', times: 1 });
    const { customerId, run } = await onboard(scripted.name, existingClient);
    expect(run).toMatchObject({ state: 'needs_attention', step: 'trust-consent' });
    return { customerId, runId: run.id as string };
  }

  it('leaves the client and the secret that was given, and can be begun anew', async () => {
    const scripted = await script('cancelled-given');
    const { clientId, clientSecret, hint } = scripted;
    const { customerId, runId } = await stopped(scripted, { clientId, clientSecret });
    await change(runId, 'cancel');
    expect((await stateOf(scripted.name)).clients).toMatchObject([{ clientId, hints: [hint] }]);
    expect(await works(scripted, clientSecret)).toBe(true);
    const told = await actions(customerId);
    expect(told).toContain('oauth_client.released');
    expect(told.filter((action) => /deleted|revoked/.test(action))).toEqual([]);
    expect(await change(runId, 'retry')).toMatchObject({ state: 'succeeded' });
    expect(await credentials(customerId)).toMatchObject({ clientId, clientSecret });
  });

  it('deletes the secret that it minted, and nothing else', async () => {
    const scripted = await script('cancelled-minted');
    const { clientId, clientSecret, hint } = scripted;
    const { customerId, runId } = await stopped(scripted, { clientId });
    expect(await hintsOf(scripted)).toHaveLength(2);
    await change(runId, 'cancel');
    expect(await hintsOf(scripted)).toEqual([hint]);
    expect(await works(scripted, clientSecret)).toBe(true);
    const told = await actions(customerId);
    expect(told.filter((action) => ['secret.revoked', 'oauth_client.released'].includes(action))).toHaveLength(2);
    expect(told).not.toContain('oauth_client.deleted');
    expect(await change(runId, 'retry')).toMatchObject({ state: 'succeeded' });
    expect(await hintsOf(scripted)).toEqual([hint, (await credentials(customerId)).hint]);
  });
});

describe('its offboarding', () => {
  const offboarded = async (customerId: string) =>
    stack.runEnd((await stack.call('DELETE', `/v1/customers/${customerId}`)).body.run.id);

  it('deletes the client that was recorded, and no other of its name', async () => {
    const scripted = await script('same-name');
    const other = await scripted.tenant.create({ clientName: 'portal' });
    await scripted.tenant.fault({ kind: 'status', status: 403, operation: 'config-patch', times: 1 });
    const { customerId, run } = await onboard(scripted.name, { clientId: scripted.clientId });
    expect(run).toMatchObject({ state: 'needs_attention', step: 'trust-consent' });
    expect(await offboarded(customerId)).toMatchObject({ state: 'succeeded' });
    const { clients } = await stateOf(scripted.name);
    expect(clients.map(({ clientId }: any) => clientId)).toEqual([other.clientId]);
  });

  it('deletes nothing at Qlik where no client was recorded', async () => {
    const scripted = await script('only-fitted', { allowedScopes: ['apps:read'] });
    await scripted.tenant.fault({ kind: 'status', status: 400, operation: 'patch', times: 1 });
    const { customerId, run } = await onboard(scripted.name, { clientId: scripted.clientId });
    expect(run).toMatchObject({ state: 'needs_attention', step: 'create-oauth-client' });
    expect(await offboarded(customerId)).toMatchObject({ state: 'succeeded' });
    const { clientId, hint } = scripted;
    expect((await stateOf(scripted.name)).clients).toMatchObject([{ clientId, hints: [hint] }]);
  });
});

describe('POST /v1/customers with existingClient', () => {
  it('refuses a client that another customer has, made or enrolled, and writes nothing', async () => {
    const scripted = await script('holder');
    const holderId = await ready(scripted, { clientId: scripted.clientId });
    const { customerId: madeId, runId } = await stack.onboard('made-here');
    await stack.runEnd(runId);
    const { clientId: madeClientId } = await credentials(madeId);
    const before = await counts();
    for (const [clientId, customerId] of [
      [scripted.clientId, holderId],
      [madeClientId, madeId],
    ]) {
      const secret = { clientSecret: 'a'.repeat(64) };
      expect(await signUp('taker', { clientId, ...secret })).toMatchObject({
        status: 409,
        body: { code: 'CLIENT_TAKEN', customerId, errors: [{ pointer: '/existingClient/clientId' }] },
      });
    }
    expect(await counts()).toEqual(before);
  });

  it('gives one customer of two that name a client at once the client', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => signUp(`racer-${index}`, { clientId: 'one-for-all' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array<number>(7).fill(409)]);
    expect(answers.filter(({ body }) => body.code === 'CLIENT_TAKEN')).toHaveLength(7);
  });

  it('makes one customer and one data key of 50 equal requests at once, and knows another secret for another request', async () => {
    const existingClient = { clientId: 'replayed', clientSecret: 'b'.repeat(64) };
    const before = await counts();
    const answers = await Promise.all(Array.from({ length: 50 }, () => signUp('replayed', existingClient)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.customer?.id}`)).size).toBe(1);
    const [customers, keys] = await counts();
    expect([customers, keys]).toEqual([before[0] + 1, before[1] + 1]);
    const other = { ...existingClient, clientSecret: 'c'.repeat(64) };
    expect(await signUp('replayed', other)).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await signUp('replayed', { clientId: 'replayed' })).toMatchObject({ status: 422 });
  });

  it.each<[string, object, string]>([
    ['no clientId', {}, '/existingClient/clientId'],
    ['a clientId that is a path', { clientId: '../x' }, '/existingClient/clientId'],
    ['a hint for a secret', { clientId: 'x', clientSecret: 'abcde' }, '/existingClient/clientSecret'],
    ['a secret with a space', { clientId: 'x', clientSecret: `${'a'.repeat(40)} ` }, '/existingClient/clientSecret'],
    ['an endless secret', { clientId: 'x', clientSecret: 'a'.repeat(513) }, '/existingClient/clientSecret'],
    ['an unknown member', { clientId: 'x', secret: 'y' }, '/existingClient/secret'],
  ])('refuses %s', async (_, existingClient, pointer) => {
    const before = await counts();
    expect(await signUp('refused', existingClient)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID', errors: [{ pointer }] },
    });
    expect(await counts()).toEqual(before);
  });

  it('shows the secret nowhere: no log, no row, no answer but the credentials', async () => {
    const scripted = await script('silent');
    const { clientId, clientSecret } = scripted;
    const body = { externalId: 'silent', name: 'silent', tenantHost: 'silent.eu.qlikcloud.com' };
    const answers = [
      await signUp('silent', { clientId, clientSecret, colour: 'red' }),
      await brokenBody(JSON.stringify({ ...body, existingClient: { clientId, clientSecret } }).slice(0, -1)),
      await signUp('silent', { clientId, clientSecret }),
    ];
    const run = await stack.runEnd(answers[2]!.body.run.id);
    expect(run.state).toBe('succeeded');
    const shown = JSON.stringify([answers.map((answer) => answer.body), run, await events(run.customerId)]);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 202]);
    for (const place of [shown, log, await dump()]) expect(place).not.toContain(clientSecret);
    expect(log).toContain('Request answered');
  });

  const counts = async () => {
    const { customer, dataKey, run, idempotencyKey, auditEvent } = stack.test.database.client;
    const events = auditEvent.count({ where: { action: { not: 'credentials.read' } } });
    return Promise.all([customer.count(), dataKey.count(), run.count(), idempotencyKey.count(), events]);
  };

  async function brokenBody(body: string) {
    const response = await request(new URL('/v1/customers', stack.api.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.apiKey}`, 'content-type': 'application/json', 'idempotency-key': 'x' },
      body,
    });
    return { status: response.statusCode, body: (await response.body.json()) as any };
  }
});
