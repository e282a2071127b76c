import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import oauthClients, {
  type OAuthClientAdminReadResponse,
  type OAuthClientCreateRequest,
} from '@qlik/api/oauth-clients';
import { startSandbox, type Sandbox } from './start-sandbox.js';

let sandbox: Sandbox;
const grants: OAuthClientCreateRequest['allowedGrantTypes'] = [
  'client_credentials',
  'urn:qlik:oauth:user-impersonation',
];

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, parentClients: { eu: { clientId: 'p', clientSecret: 's' } } });
});
afterAll(() => sandbox.close());

describe("Qlik's own client, @qlik/api", () => {
  it('calls all 11 operations as it would at Qlik', async () => {
    const hostConfig = { authType: 'oauth2' as const, host: sandbox.url, clientId: 'p', clientSecret: 's' };
    const options = { hostConfig, noCache: true };
    const created = await oauthClients.createOAuthClient(
      { appType: 'web', clientName: 'official', allowedScopes: ['user_default'], allowedGrantTypes: grants },
      options,
    );
    expect(created.status).toBe(201);
    const { clientId } = created.data;
    expect(created.data.clientSecret).toHaveLength(64);

    const value = 'trusted';
    const consent = [{ op: 'replace' as const, path: '/consentMethod' as const, value } as const];
    expect((await oauthClients.patchOAuthClientConnectionConfig(clientId, consent, options)).status).toBe(204);
    const config = await oauthClients.getOAuthClientConnectionConfig(clientId, options);
    expect(config.data).toEqual({ status: 'approved', consentMethod: 'trusted', deletedByOwner: false });

    const secret = await oauthClients.createOAuthClientSecret(clientId, options);
    expect(secret.status).toBe(201);
    const rename = [{ op: 'replace' as const, path: '/clientName' as const, value: 'renamed' }];
    expect((await oauthClients.patchOAuthClient(clientId, rename, options)).status).toBe(204);
    const read = (await oauthClients.getOAuthClient(clientId, options)).data as OAuthClientAdminReadResponse;
    expect(read.clientSecrets?.map(({ hint }) => hint)).toContain(secret.data.hint);
    expect(read.clientName).toBe('renamed');
    expect((await oauthClients.deleteOAuthClientSecret(clientId, secret.data.hint, options)).status).toBe(204);

    await oauthClients.createOAuthClient({ appType: 'web', clientName: 'second' }, options);
    const query = { filter: 'appType eq "web"', limit: 1, sort: '+clientName' as const, totalResults: true };
    const list = await oauthClients.getOAuthClients(query, options);
    expect(list.data).toMatchObject({ totalResults: 2, data: [{ clientName: 'renamed' }] });
    const { next } = list as unknown as { next: () => Promise<typeof list> };
    expect((await next()).data.data.map((client) => client.clientName)).toEqual(['second']);

    expect((await oauthClients.publishOAuthClient(clientId, options)).data.publishedAt).toEqual(expect.any(String));
    expect((await oauthClients.deleteOAuthClientConnectionConfig(clientId, options)).status).toBe(204);
    // The package leaves out the header that the API requires.
    await expect(oauthClients.deleteOAuthClient(clientId, options)).rejects.toMatchObject({ status: 400 });
    const confirmed = { ...options, headers: { 'qlik-confirm-delete': clientId } };
    expect((await oauthClients.deleteOAuthClient(clientId, confirmed)).status).toBe(204);
    await expect(oauthClients.getOAuthClient(clientId, options)).rejects.toMatchObject({ status: 404 });
  });
});
