import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Scripted, ScriptingOem } from './scripting-oem.js';

const GRANTS = ['client_credentials', 'urn:qlik:oauth:user-impersonation'];

let oem: ScriptingOem;

beforeAll(async () => {
  oem = await ScriptingOem.start();
});
afterAll(() => oem.close());

/** What the removal of a customer leaves of it here, where nothing of it is recorded at Qlik. */
const offboard = (name: string) =>
  oem.stack.test.database.sql.$executeRaw`UPDATE customers SET state = 'offboarded' WHERE external_id = ${name}`;

describe('a customer whose client was made by a script', () => {
  it('is onboarded with that client and the secret that was given, and no client is made', async () => {
    const scripted = await oem.script('given');
    const { clientId, clientSecret, hint } = scripted;
    const customerId = await oem.ready(scripted, { clientId, clientSecret });
    expect(await oem.credentials(customerId)).toMatchObject({ clientId, clientSecret, version: 1, hint });
    expect(await oem.stack.state('given')).toMatchObject({
      ...{ clientsCreated: 1, secretsCreated: 1 },
      clients: [{ clientId, clientName: 'portal', consentMethod: 'trusted', hints: [hint] }],
    });
    expect(await oem.actions(customerId)).toEqual([
      ...['data_key.created', 'customer.accepted', 'oauth_client.enrolled', 'secret.stored', 'token.minted'],
      ...['consent.trusted', 'token.minted', 'secret.promoted', 'customer.ready', 'run.succeeded', 'credentials.read'],
    ]);
    const { sql } = oem.stack.test.database;
    const rows =
      await sql.$queryRaw`SELECT sealed, data_key_id AS key FROM existing_clients WHERE customer_id = ${customerId}::uuid`;
    expect(rows).toEqual([{ sealed: null, key: null }]);
  });

  it('gets a secret of its own where none was given, and the others are left', async () => {
    const scripted = await oem.script('minted');
    const { clientId, clientSecret, hint } = scripted;
    const customerId = await oem.ready(scripted, { clientId });
    const read = await oem.credentials(customerId);
    expect(read).toMatchObject({ clientId, version: 1 });
    expect(read.clientSecret).not.toBe(clientSecret);
    expect(await oem.hintsOf(scripted)).toEqual([hint, read.hint]);
    expect([await oem.works(scripted, clientSecret), await oem.works(scripted, read.clientSecret)]).toEqual([
      true,
      true,
    ]);
    expect((await oem.stack.state('minted')).clientsCreated).toBe(1);
    const told = (await oem.events(customerId)).filter(({ action }) => action === 'secret.unrecognised');
    expect(told).toMatchObject([{ subject: { clientId }, data: { count: 1 } }]);
  });

  it('is given what it lacks, and keeps what it has', async () => {
    const scripted = await oem.script('unfit', {
      ...{ allowedGrantTypes: ['client_credentials'], allowedScopes: ['apps:read'] },
      redirectUris: ['https://old.example/callback'],
    });
    const { clientId, clientSecret, tenant } = scripted;
    const more = {
      redirectUris: ['https://new.example/callback'],
      verificationUser: { field: 'subject', value: 'demo' },
    };
    const customerId = await oem.ready(scripted, { clientId, clientSecret }, more);
    const settings = {
      ...{ allowedGrantTypes: GRANTS, allowedScopes: ['apps:read', 'user_default'] },
      redirectUris: ['https://old.example/callback', 'https://new.example/callback'],
    };
    expect((await oem.stack.state('unfit')).clients).toMatchObject([settings]);
    expect((await oem.events(customerId)).find(({ action }) => action === 'oauth_client.changed')).toMatchObject({
      data: { settings: 'allowedGrantTypes,allowedScopes,redirectUris' },
    });

    expect(await oem.compare(customerId)).toMatchObject({ state: 'succeeded' });
    expect(await oem.actions(customerId)).not.toContain('drift.detected');
    expect((await oem.stack.state('unfit')).clients).toMatchObject([settings]);

    // What is too many is taken away again, nothing that was there first with it, and nothing put back that somebody took away.
    const [first, ...rest] = settings.redirectUris;
    const body = [
      { op: 'replace', path: '/allowedScopes', value: [...settings.allowedScopes, 'admin.users'] },
      { op: 'replace', path: '/redirectUris', value: [...rest, 'https://foreign.example/'] },
    ];
    expect((await tenant.api('PATCH', `/${clientId}`, { body })).status).toBe(204);
    expect(await oem.compare(customerId)).toMatchObject({ state: 'succeeded' });
    const [client] = (await oem.stack.state('unfit')).clients;
    expect(client).toMatchObject({ redirectUris: rest });
    expect([...client.allowedScopes].sort()).toEqual(settings.allowedScopes);
    expect(client.redirectUris).not.toContain(first);
  });

  it('says which client is not there, makes none, and goes on once it is there', async () => {
    const scripted = await oem.script('absent');
    const { customerId, run } = await oem.onboard('absent', { clientId: 'no-such-client' });
    expect(run).toMatchObject({
      ...{ state: 'needs_attention', step: 'create-oauth-client' },
      error: { code: 'EXISTING_CLIENT_NOT_FOUND', message: expect.stringContaining('"no-such-client"') },
    });
    expect(await oem.change(run.id, 'retry')).toMatchObject({ error: { code: 'EXISTING_CLIENT_NOT_FOUND' } });
    expect((await oem.stack.state('absent')).clientsCreated).toBe(1);
    const name = (clientId: string) => oem.stack.test.database.sql.$executeRaw`
      UPDATE existing_clients SET client_id = ${clientId} WHERE customer_id = ${customerId}::uuid`;
    // As if another customer had come to have it since.
    const { customerId: holderId, runId } = await oem.stack.onboard('holder-of-absent');
    await oem.stack.runEnd(runId);
    await name((await oem.credentials(holderId)).clientId);
    expect(await oem.change(run.id, 'retry')).toMatchObject({
      error: { code: 'EXISTING_CLIENT_TAKEN', message: expect.stringContaining(holderId) },
    });
    // As if the client had been out of sight until now.
    await name(scripted.clientId);
    expect(await oem.change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
    expect((await oem.credentials(customerId)).clientId).toBe(scripted.clientId);
  });

  it('says that its secret is refused, before it changes anything', async () => {
    const scripted = await oem.script('wrong', { allowedScopes: ['apps:read'] });
    const { clientId, hint } = scripted;
    const { run } = await oem.onboard('wrong', { clientId, clientSecret: 'f'.repeat(64) });
    expect(run).toMatchObject({
      ...{ state: 'needs_attention', step: 'create-oauth-client' },
      error: {
        code: 'EXISTING_SECRET_REFUSED',
        hint: expect.stringContaining('sign it up again'),
        qlik: { status: 401 },
      },
    });
    const before = (await oem.stack.state('wrong')).clients;
    expect(before).toMatchObject([{ clientId, allowedScopes: ['apps:read'], hints: [hint] }]);

    // Signed up again, with the right one, once the customer was removed.
    await oem.change(run.id, 'cancel');
    expect((await oem.stack.state('wrong')).clients).toEqual(before);
    await offboard('wrong');
    const again = await oem.signUp('wrong', { clientId, clientSecret: scripted.clientSecret }, {}, 'again');
    expect(await oem.stack.runEnd(again.body.run.id)).toMatchObject({ state: 'succeeded' });
  });

  it.each([
    ['is of another kind', { appType: 'spa', allowedGrantTypes: [] }, 'appType'],
    ['is disabled', {}, 'disableTag'],
  ])('says that its client cannot be used when it %s', async (why, fields, named) => {
    const scripted = await oem.script(why.replaceAll(' ', '-'), fields);
    if (named === 'disableTag') await scripted.tenant.disable(scripted.clientId, true);
    const { run } = await oem.onboard(scripted.name, { clientId: scripted.clientId });
    expect(run).toMatchObject({
      ...{ state: 'needs_attention', step: 'create-oauth-client' },
      error: { code: 'EXISTING_CLIENT_UNUSABLE', message: expect.stringContaining(named) },
    });
    if (named !== 'disableTag') return;
    await scripted.tenant.disable(scripted.clientId, false);
    expect(await oem.change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
  });

  it('names the settings that Qlik refuses to change', async () => {
    const scripted = await oem.script('refusing', { allowedScopes: ['apps:read'] });
    await scripted.tenant.fault({ kind: 'status', status: 400, operation: 'patch', times: 1 });
    const { run } = await oem.onboard('refusing', { clientId: scripted.clientId });
    expect(run.error).toMatchObject({
      ...{ code: 'EXISTING_CLIENT_UNUSABLE', message: expect.stringContaining('allowedScopes') },
      qlik: { status: 400 },
    });
    expect(await oem.change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
  });

  it('has no room for a secret where there are five, until somebody makes room', async () => {
    const scripted = await oem.script('full');
    const added = [];
    for (let more = 0; more < 4; more += 1) added.push(await oem.addSecret(scripted));
    const { customerId, run } = await oem.onboard('full', { clientId: scripted.clientId });
    expect(run.error).toMatchObject({ code: 'SECRET_CAPACITY' });
    const removed = added.pop()!;
    await scripted.tenant.api('DELETE', `/${scripted.clientId}/client-secrets/${removed.hint}`);
    expect(await oem.change(run.id, 'retry')).toMatchObject({ state: 'succeeded' });
    const { hint } = await oem.credentials(customerId);
    expect(await oem.hintsOf(scripted)).toEqual([scripted.hint, ...added.map((one) => one.hint), hint]);
  });

  it('works with one of five secrets, and warns that there is no room to rotate', async () => {
    const scripted = await oem.script('five');
    for (let more = 0; more < 4; more += 1) await oem.addSecret(scripted);
    const { clientId, clientSecret } = scripted;
    const { customerId, run } = await oem.onboard('five', { clientId, clientSecret });
    expect(run.state).toBe('succeeded');
    const { output } = run.steps.find((step: any) => step.name === 'create-oauth-client');
    expect(output.warnings).toEqual(['SECRETS_FULL']);
    expect(await oem.credentials(customerId)).toMatchObject({ clientSecret, hint: null });
    expect(await oem.rotate(customerId)).toMatchObject({
      state: 'needs_attention',
      error: { code: 'SECRET_CAPACITY' },
    });
  });
});

describe('its onboarding, cancelled', () => {
  /** An onboarding that enrolled the client and then stopped. */
  async function stopped(scripted: Scripted, existingClient: object) {
    await scripted.tenant.fault({ kind: 'status', status: 403, operation: 'config-patch', times: 1 });
    const { customerId, run } = await oem.onboard(scripted.name, existingClient);
    expect(run).toMatchObject({ state: 'needs_attention', step: 'trust-consent' });
    return { customerId, runId: run.id as string };
  }

  it('leaves the client and the secret that was given, and can be begun anew', async () => {
    const scripted = await oem.script('cancelled-given');
    const { clientId, clientSecret, hint } = scripted;
    const { customerId, runId } = await stopped(scripted, { clientId, clientSecret });
    await oem.change(runId, 'cancel');
    expect((await oem.stack.state(scripted.name)).clients).toMatchObject([{ clientId, hints: [hint] }]);
    expect(await oem.works(scripted, clientSecret)).toBe(true);
    const told = await oem.actions(customerId);
    expect(told).toContain('oauth_client.released');
    expect(told.filter((action) => /deleted|revoked/.test(action))).toEqual([]);
    expect(await oem.change(runId, 'retry')).toMatchObject({ state: 'succeeded' });
    expect(await oem.credentials(customerId)).toMatchObject({ clientId, clientSecret });
  });

  it('deletes the secret that it minted, and nothing else', async () => {
    const scripted = await oem.script('cancelled-minted');
    const { clientId, clientSecret, hint } = scripted;
    const { customerId, runId } = await stopped(scripted, { clientId });
    expect(await oem.hintsOf(scripted)).toHaveLength(2);
    await oem.change(runId, 'cancel');
    expect(await oem.hintsOf(scripted)).toEqual([hint]);
    expect(await oem.works(scripted, clientSecret)).toBe(true);
    const told = await oem.actions(customerId);
    expect(told.filter((action) => ['secret.revoked', 'oauth_client.released'].includes(action))).toHaveLength(2);
    expect(told).not.toContain('oauth_client.deleted');
    expect(await oem.change(runId, 'retry')).toMatchObject({ state: 'succeeded' });
    expect(await oem.hintsOf(scripted)).toEqual([hint, (await oem.credentials(customerId)).hint]);
  });
});

describe('its offboarding', () => {
  const offboarded = async (customerId: string) =>
    oem.stack.runEnd((await oem.stack.call('DELETE', `/v1/customers/${customerId}`)).body.run.id);

  it('deletes the client that was recorded, and no other of its name', async () => {
    const scripted = await oem.script('same-name');
    const other = await scripted.tenant.create({ clientName: 'portal' });
    await scripted.tenant.fault({ kind: 'status', status: 403, operation: 'config-patch', times: 1 });
    const { customerId, run } = await oem.onboard(scripted.name, { clientId: scripted.clientId });
    expect(run).toMatchObject({ state: 'needs_attention', step: 'trust-consent' });
    expect(await offboarded(customerId)).toMatchObject({ state: 'succeeded' });
    const { clients } = await oem.stack.state(scripted.name);
    expect(clients.map(({ clientId }: any) => clientId)).toEqual([other.clientId]);
  });

  it('deletes nothing at Qlik where no client was recorded', async () => {
    const scripted = await oem.script('only-fitted', { allowedScopes: ['apps:read'] });
    await scripted.tenant.fault({ kind: 'status', status: 400, operation: 'patch', times: 1 });
    const { customerId, run } = await oem.onboard(scripted.name, { clientId: scripted.clientId });
    expect(run).toMatchObject({ state: 'needs_attention', step: 'create-oauth-client' });
    expect(await offboarded(customerId)).toMatchObject({ state: 'succeeded' });
    const { clientId, hint } = scripted;
    expect((await oem.stack.state(scripted.name)).clients).toMatchObject([{ clientId, hints: [hint] }]);
  });
});
