import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError, Secret } from '@app/platform';
import { Test } from '@nestjs/testing';
import { caught } from '../testing/caught.js';
import { host, json, LocalQlik, parentSecret, policy } from '../testing/local-qlik.js';
import {
  ClientSecretsApi,
  ConnectionConfigsApi,
  OAuthClientsApi,
  ParentAccess,
  QlikModule,
  TokensApi,
} from './index.js';

describe('QlikModule', () => {
  let qlik: LocalQlik;
  const nodeEnv = process.env.NODE_ENV;
  beforeEach(async () => {
    qlik = await LocalQlik.start();
  });
  afterEach(async () => {
    process.env.NODE_ENV = nodeEnv;
    await qlik.close();
  });

  const compile = (parentClients?: Record<string, { clientId: string; clientSecret: Secret }>) =>
    Test.createTestingModule({
      imports: [
        QlikModule.forRoot({
          timeoutMs: 5_000,
          endpoint: qlik.endpoint,
          tenantHosts: policy,
          ...(parentClients === undefined ? {} : { parentClients }),
        }),
      ],
    }).compile();

  it('gives the whole client, and closes its connections with the process', async () => {
    const app = await compile({ eu: { clientId: 'p', clientSecret: new Secret(parentSecret) } });
    for (const service of [TokensApi, ParentAccess, ConnectionConfigsApi, ClientSecretsApi]) {
      expect(app.get(service)).toBeInstanceOf(service);
    }
    qlik.answer = (_request, response) => json(response, 200, { data: [] });
    expect(await app.get(OAuthClientsApi).list(host, { clientName: 'x' })).toEqual([]);
    await app.close();
    await expect(app.get(OAuthClientsApi).list(host, { clientName: 'x' })).rejects.toThrow('connection failed');
  });

  it('enters no tenant without parent clients', async () => {
    const app = await compile();
    expect(await caught(app.get(OAuthClientsApi).get(host, 'c1'))).toMatchObject({ code: 'PARENT_NOT_CONFIGURED' });
    expect(qlik.seen).toEqual([]);
    await app.close();
  });

  it('does not start in production with an endpoint', () => {
    process.env.NODE_ENV = 'production';
    const options = { timeoutMs: 1, parentClients: {}, tenantHosts: policy };
    expect(() => QlikModule.forRoot({ ...options, endpoint: 'http://127.0.0.1:1' })).toThrow(ConfigurationError);
    expect(() => QlikModule.forRoot(options)).not.toThrow();
  });
});
