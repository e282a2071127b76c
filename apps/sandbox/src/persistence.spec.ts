import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from './start-sandbox.js';
import { TenantClient } from '../testing/tenant-client.js';

let dataDir: string;
const running: Sandbox[] = [];
const parentClients = { eu: { clientId: 'p', clientSecret: 's' } };

async function start(): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, dataDir, parentClients });
  running.push(sandbox);
  return sandbox;
}

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
});
afterEach(async () => {
  for (const sandbox of running.splice(0)) await sandbox.close();
  rmSync(dataDir, { recursive: true });
});

describe.each([
  ['after a close', true],
  ['without a close, as after a kill', false],
])('state %s', (_name, closed) => {
  it('is all there: clients, consent, secrets, settings, counters and tokens', async () => {
    const first = await start();
    const before = await TenantClient.connect(first.url, 'a.eu.qlikcloud.com', 'p', 's');
    const { clientId, clientSecret } = await before.create({ connectionConfig: { consentMethod: 'trusted' } });
    const second = (await before.api('POST', `/${clientId}/client-secrets`)).body;
    await before.api('DELETE', `/${clientId}/client-secrets/${second.hint}`);
    const doomed = await before.create({ clientName: 'doomed' });
    await before.api('DELETE', `/${doomed.clientId}`, { headers: { 'qlik-confirm-delete': doomed.clientId } });
    await before.api('POST', `/${clientId}/actions/publish`);
    await before.configure({ users: [{ id: 'u1', subject: 'demo', email: 'd@example.com' }], lagMs: 5 });
    const state = await before.state();
    if (closed) await first.close();

    const again = await start();
    const after = new TenantClient(again.url, 'a.eu.qlikcloud.com');
    after.token = before.token;
    expect(await after.state()).toEqual({ ...state, requests: {} });
    expect((await after.api('GET', `/${clientId}`)).body).toMatchObject({ clientId });
    expect((await after.impersonate(clientId, clientSecret)).status).toBe(200);
    expect((await after.tokenFor(clientId, second.clientSecret)).status).toBe(401);
    const neighbour = await TenantClient.connect(again.url, 'b.eu.qlikcloud.com', 'p', 's');
    expect((await neighbour.api('GET', `/${clientId}`)).status).toBe(200);

    await again.close();
    const third = await start();
    expect(await new TenantClient(third.url, 'a.eu.qlikcloud.com').state()).toMatchObject({
      clientsCreated: 2,
      tokensMinted: state.tokensMinted + 1,
    });
  });
});

describe('the data directory', () => {
  it('holds no plaintext of a secret and is readable by its owner alone', async () => {
    const sandbox = await start();
    const tenant = await TenantClient.connect(sandbox.url, 'a.eu.qlikcloud.com', 'p', 's');
    const { clientSecret } = await tenant.create();
    const journal = join(dataDir, 'journal.ndjson');
    expect(readFileSync(journal, 'utf8')).not.toContain(clientSecret);
    for (const file of [journal, join(dataDir, 'signing-key')]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('may end in a line that a kill cut short', async () => {
    const sandbox = await start();
    await (await TenantClient.connect(sandbox.url, 'a.eu.qlikcloud.com', 'p', 's')).create();
    await sandbox.close();
    appendFileSync(join(dataDir, 'journal.ndjson'), '{"host":"a.eu.qlik');
    const again = await start();
    const tenant = await TenantClient.connect(again.url, 'a.eu.qlikcloud.com', 'p', 's');
    await tenant.create();
    await again.close();
    expect(await new TenantClient((await start()).url, 'a.eu.qlikcloud.com').state()).toMatchObject({
      clientsCreated: 2,
    });
  });

  it('with a broken line is refused, with the line named', async () => {
    writeFileSync(join(dataDir, 'journal.ndjson'), '{}{}\n{}\n');
    await expect(start()).rejects.toThrow(/Line 1 of .*journal\.ndjson is not JSON/);
  });

  it('is made where it is missing, and named where it cannot be', async () => {
    const deeper = join(dataDir, 'deeper');
    running.push(await startSandbox({ port: 0, dataDir: deeper, parentClients }));
    const file = join(deeper, 'signing-key');
    expect(existsSync(file)).toBe(true);
    await expect(startSandbox({ port: 0, dataDir: file, parentClients })).rejects.toThrow(
      /data directory .* cannot be/,
    );
  });
});
