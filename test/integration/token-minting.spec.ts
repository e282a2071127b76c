import { createSecretKey, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { Secret } from '@app/platform';
import { type ClientCredentials, type Impersonation, QlikError, type TokensApi } from '@app/qlik';
import { LocalKeyProvider, Vault } from '@app/vault';
import { v7 } from 'uuid';
import { type Asking, TokenMinting } from '../../apps/api/src/tokens/token-minting.js';
import { UsableSecretsReader } from '../../apps/api/src/tokens/usable-secrets.reader.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const caller: Asking['caller'] = { kind: 'api-key', id: 'test', name: 'n', scopes: [], actor: 'api-key:test' };
const asking: Asking = { caller, requestId: 'request-1' };
const wanted = { user: { field: 'userId' as const, value: 'u' } };

let test: TestDatabase;
let audit: AuditTrail;
let vault: Vault;

beforeAll(async () => {
  test = await createTestDatabase();
  audit = new AuditTrail(test.database);
  vault = new Vault(test.database, audit, new LocalKeyProvider([{ id: 'k', key: createSecretKey(randomBytes(32)) }]));
});
afterAll(() => test.close());

const refused = (host: string) =>
  new QlikError('CREDENTIAL_REFUSED', { operation: 'token', host, qlik: { status: 401, code: 'invalid_client' } });

/** A Qlik at which whatever is to happen during a call happens; tokens are the secrets they were got with. */
class Qlik {
  /** The secrets that were tried. */
  readonly tried: string[] = [];
  meanwhile: (tries: number) => Promise<unknown> = () => Promise.resolve();
  refuses: (secret: string) => boolean = () => false;
  lifeSeconds = 3600;

  async impersonation({ host, clientSecret }: Impersonation) {
    const secret = clientSecret.reveal();
    this.tried.push(secret);
    await this.meanwhile(this.tried.length);
    if (this.refuses(secret)) throw refused(host);
    return { token: new Secret(secret), expiresInSeconds: this.lifeSeconds };
  }

  clientCredentials({ host }: ClientCredentials): Promise<never> {
    return Promise.reject(refused(host));
  }
}

describe('a token that is got while its secret changes', () => {
  let qlik: Qlik;
  let minting: TokenMinting;
  let customerId: string;
  let oauthClientId: string;

  beforeEach(async () => {
    qlik = new Qlik();
    const secrets = new UsableSecretsReader(test.database);
    minting = new TokenMinting(test.database, secrets, vault, qlik as unknown as TokensApi, audit, 60_000);
    [customerId, oauthClientId] = [v7(), v7()];
    const tenantHost = `t-${customerId}.eu.qlikcloud.com`;
    const named = { externalId: customerId, name: 'C', tenantHost, scopes: ['user_default'], state: 'ready' as const };
    await test.database.client.customer.create({ data: { id: customerId, ...named } });
    const client = { customerId, tenantHost, clientId: 'c', clientName: 'n', createdByRun: v7() };
    await test.database.client.oAuthClient.create({ data: { id: oauthClientId, ...client } });
    await promote(1);
  });

  /** Makes a new version the current one; its secret is its number. */
  async function promote(version: number): Promise<void> {
    const owner = { kind: 'customer', id: customerId } as const;
    const id = v7();
    const context = { owner, secretId: id, version, purpose: 'impersonation-client-secret' } as const;
    const sealed = await vault.seal(await vault.ensureDataKey(owner), new Secret(String(version)), context);
    await test.database.client.secretVersion.updateMany({ where: { customerId }, data: { state: 'previous' } });
    await test.database.client.secretVersion.create({
      data: { id, customerId, oauthClientId, version, state: 'current', ...sealed },
    });
  }

  const change = (data: { retiredAt: Date }) =>
    test.database.client.secretVersion.updateMany({ where: { customerId, state: 'previous' }, data });

  const mint = async (): Promise<string> => (await minting.mint(customerId, wanted, asking)).token.reveal();

  const minted = async () => {
    const { events } = await audit.list({ customerId, action: 'token.minted', limit: 10 });
    return events.map(({ data }) => data.version);
  };

  it('is given with its event', async () => {
    expect([await mint(), await minted()]).toEqual(['1', [1]]);
  });

  it('has a life of a day at most, whatever Qlik says', async () => {
    qlik.lifeSeconds = 1e15;
    const { lifeMs, expiresAt } = await minting.mint(customerId, wanted, asking);
    expect(lifeMs).toBe(86_400_000);
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 86_400_000);
  });

  it('is not given, but one of the newer secret, if that was promoted meanwhile', async () => {
    qlik.meanwhile = (tries) => (tries === 1 ? promote(2) : Promise.resolve());
    expect([await mint(), qlik.tried, await minted()]).toEqual(['2', ['1', '2'], [2]]);
  });

  it('is of the newer secret if Qlik refuses the one that was current when it was read', async () => {
    qlik.meanwhile = (tries) => (tries === 1 ? promote(2) : Promise.resolve());
    qlik.refuses = (secret) => secret === '1';
    expect([await mint(), qlik.tried, await minted()]).toEqual(['2', ['1', '2'], [2]]);
  });

  it('is of the secret before, if Qlik refuses the current one, while that is kept', async () => {
    await promote(2);
    qlik.refuses = (secret) => secret === '2';
    expect([await mint(), qlik.tried]).toEqual(['1', ['2', '1']]);
    await change({ retiredAt: new Date() });
    await expect(mint()).rejects.toMatchObject({ code: 'CREDENTIAL_REFUSED', facts: { qlik: { status: 401 } } });
    expect(await minted()).toEqual([1]);
  });

  it('is not given if the secret before was deleted at Qlik meanwhile', async () => {
    await promote(2);
    qlik.refuses = (secret) => secret === '2';
    qlik.meanwhile = (tries) => (tries === 2 ? change({ retiredAt: new Date() }) : Promise.resolve());
    await expect(mint()).rejects.toMatchObject({ code: 'SECRET_CHANGING' });
    expect(await minted()).toEqual([]);
  });

  it('is not given if the customer was offboarded meanwhile', async () => {
    qlik.meanwhile = () =>
      test.database.client.customer.update({ where: { id: customerId }, data: { state: 'offboarded' } });
    await expect(mint()).rejects.toMatchObject({ code: 'CUSTOMER_OFFBOARDED' });
    expect(await minted()).toEqual([]);
  });

  it('is given up when the secret changes again and again', async () => {
    qlik.meanwhile = (tries) => promote(tries + 1);
    await expect(mint()).rejects.toMatchObject({ code: 'SECRET_CHANGING', retryAfterSeconds: 1 });
    expect([qlik.tried, await minted()]).toEqual([['1', '2', '3', '4', '5'], []]);
  });

  it('is of the newer secret too where a 401 says no more than that', async () => {
    const vague = { operation: 'token' as const, host: 'h', qlik: { status: 401, code: 'HTTP-401' } };
    const impersonation = qlik.impersonation.bind(qlik);
    qlik.impersonation = async (asked) => {
      const token = await impersonation(asked);
      if (token.token.reveal() === '1') throw new QlikError('USER_NOT_FOUND', vague);
      return token;
    };
    qlik.meanwhile = (tries) => (tries === 1 ? promote(2) : Promise.resolve());
    expect([await mint(), await minted()]).toEqual(['2', [2]]);
  });
});
