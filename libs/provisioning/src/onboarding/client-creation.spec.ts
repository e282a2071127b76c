import { describe, expect, it } from '@jest/globals';
import { Secret } from '@app/platform';
import { type CallContext, type NewOAuthClient, type OAuthClientsApi, QlikError } from '@app/qlik';
import type { CustomerTarget } from '../customer-targets.js';
import { ClientCreation } from './client-creation.js';

const target: CustomerTarget = {
  customerId: 'c1',
  tenantHost: 'acme.eu.qlikcloud.com',
  redirectUris: [],
  allowedOrigins: ['https://app.example'],
  scopes: ['user_default'],
  verificationUser: null,
  existingClient: null,
  rotation: null,
};
const created = { client: { clientId: 'id' }, secret: new Secret('s'), hint: 'abcde' };

const refusal = (status: number, outcomeUnknown = false) =>
  new QlikError('QLIK_REFUSED', {
    operation: 'create-oauth-client',
    host: target.tenantHost,
    qlik: { status },
    outcomeUnknown,
  });

/** Creates at a Qlik that answers in turn with `answers`; an error is thrown. */
async function createAt(answers: unknown[], wanted: CustomerTarget = target) {
  const story: string[] = [];
  const bodies: NewOAuthClient[] = [];
  const api = {
    create: async (_host: string, body: NewOAuthClient, calls: CallContext) => {
      await calls.beforeSend?.();
      story.push('POST');
      bodies.push(body);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as OAuthClientsApi;
  const beforeSend = () => Promise.resolve(void story.push('prepare'));
  const result = await new ClientCreation(api).create(wanted, 'name', { beforeSend }).catch((error: unknown) => error);
  return { result, story, bodies };
}

describe('ClientCreation', () => {
  it('asks once for a trusted client with everything that is wanted', async () => {
    const { result, bodies } = await createAt([created]);
    expect(result).toEqual({ ...created, originsRefused: false });
    expect(bodies).toEqual([
      {
        appType: 'web',
        clientName: 'name',
        description: expect.stringContaining('c1'),
        allowedOrigins: ['https://app.example'],
        allowedScopes: ['user_default'],
        allowedGrantTypes: ['client_credentials', 'urn:qlik:oauth:user-impersonation'],
        connectionConfig: { consentMethod: 'trusted' },
      },
    ]);
  });

  it('does without what a tenant refuses, one thing after the other, and prepares every request anew', async () => {
    const { result, story, bodies } = await createAt([refusal(400), refusal(400), refusal(400), created]);
    expect(result).toMatchObject({ originsRefused: true });
    expect(story).toEqual(['prepare', 'POST', 'prepare', 'POST', 'prepare', 'POST', 'prepare', 'POST']);
    expect(bodies.map((body) => ['connectionConfig', 'allowedOrigins'].filter((field) => field in body))).toEqual([
      ['connectionConfig', 'allowedOrigins'],
      ['allowedOrigins'],
      ['connectionConfig'],
      [],
    ]);
  });

  it('tells a refusal of everything', async () => {
    const last = refusal(400);
    expect((await createAt([refusal(400), last], { ...target, allowedOrigins: [] })).result).toBe(last);
  });

  it.each([
    ['a refusal of another kind', refusal(403)],
    ['an answer that may hide a client', refusal(400, true)],
    ['a mistake of ours', new Error('no')],
  ])('asks no second time after %s', async (_what, error) => {
    const { result, story } = await createAt([error]);
    expect(result).toBe(error);
    expect(story).toEqual(['prepare', 'POST']);
  });
});
