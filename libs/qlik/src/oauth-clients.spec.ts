import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { caught } from '../testing/caught.js';
import { envelope, host, json, LocalQlik, otherHost } from '../testing/local-qlik.js';
import type { CallRecord } from './call.js';
import { hintsOf, IMPERSONATION_GRANTS, type NewOAuthClient } from './oauth-client.schema.js';

const client = (clientId: string, clientName = 'ours') => ({
  clientId,
  clientName,
  appType: 'web',
  createdAt: '2026-11-22T10:00:00Z',
  somethingNew: { deep: true },
});

const wanted: NewOAuthClient = {
  appType: 'web',
  clientName: 'ours',
  allowedScopes: ['user_default'],
  allowedGrantTypes: ['client_credentials', 'urn:qlik:oauth:user-impersonation'],
};

describe('OAuthClientsApi', () => {
  let qlik: LocalQlik;
  beforeEach(async () => {
    qlik = await LocalQlik.start();
  });
  afterEach(() => qlik.close());

  describe('hasAny', () => {
    it.each([
      [[], false],
      [[{ of: 'a shape that nobody foresaw' }], true],
    ])('asks for one client of any name, and reads nothing of it: %j', async (data, answer) => {
      qlik.answer = (_request, response) =>
        json(response, 200, { data, links: { next: { href: 'https://evil.example/' } } });
      expect(await qlik.clients.hasAny(host)).toBe(answer);
      expect(qlik.apiCalls.map(({ url }) => url)).toEqual(['/api/v1/oauth-clients?limit=1']);
    });
  });

  describe('list', () => {
    const pages = (links: Record<string, string>) => {
      qlik.answer = ({ url }, response) => {
        const page = new URL(url, 'http://x').searchParams.get('next') ?? 'first';
        const href = links[page];
        json(response, 200, { data: [client(page)], links: href === undefined ? {} : { next: { href } } });
      };
    };

    it('asks for the exact name, escaped as RFC 7644 wants it', async () => {
      qlik.answer = (_request, response) => json(response, 200, { data: [] });
      expect(await qlik.clients.list(host, { clientName: 'a "b" \\ & c' })).toEqual([]);
      const { searchParams } = new URL(qlik.apiCalls[0]?.url ?? '', 'http://x');
      expect(searchParams.get('filter')).toBe('clientName eq "a \\"b\\" \\\\ & c"');
      expect(searchParams.get('limit')).toBe('100');
    });

    it('reads every page, by absolute and relative links', async () => {
      pages({ first: `https://${host}/api/v1/oauth-clients?next=second`, second: '/api/v1/oauth-clients?next=third' });
      const found = await qlik.clients.list(host, { clientName: 'ours' });
      expect(found.map(({ clientId }) => clientId)).toEqual(['first', 'second', 'third']);
      expect(qlik.tokenCalls).toHaveLength(1);
    });

    it('leaves out other names where the filter was ignored', async () => {
      qlik.answer = (_request, response) =>
        json(response, 200, { data: [client('a'), client('b', 'ours too'), client('c', 'OURS')], links: {} });
      expect(await qlik.clients.list(host, { clientName: 'ours' })).toMatchObject([{ clientId: 'a' }]);
    });

    it.each([
      `https://${otherHost}/api/v1/oauth-clients?next=x`,
      'https://evil.example/api/v1/oauth-clients?next=x',
      '//evil.example/api/v1/oauth-clients',
      `https://${host}:8443/api/v1/oauth-clients?next=x`,
      `https://${host}@evil.example/api/v1/oauth-clients`,
      `https://${host}.evil.example/api/v1/oauth-clients`,
      `https://${host}/api/v1/users?next=x`,
      `https://${host}/api/v1/oauth-clients/../users`,
      'http://[',
    ])('does not follow %s', async (href) => {
      pages({ first: href });
      const error = await caught(qlik.clients.list(host, { clientName: 'ours' }));
      expect(error).toMatchObject({ code: 'QLIK_UNREADABLE', failure: 'unreadable', operation: 'list-oauth-clients' });
      expect(qlik.apiCalls).toHaveLength(1);
    });

    it('does not turn for ever', async () => {
      pages({ first: '?next=first' });
      expect(await caught(qlik.clients.list(host, { clientName: 'ours' }))).toMatchObject({ code: 'QLIK_UNREADABLE' });
      pages({ first: '/api/v1/oauth-clients?next=first' });
      expect(await caught(qlik.clients.list(host, { clientName: 'ours' }))).toMatchObject({ code: 'QLIK_UNREADABLE' });
    });
  });

  describe('create', () => {
    const created = (extra: object) => {
      qlik.answer = (_request, response) =>
        json(response, 201, { ...client('c1'), clientSecret: 'shown-once-5a5b5c', ...extra });
    };

    it('sends what is wanted and gives client, secret and hint', async () => {
      created({ clientSecretHint: 'e6815' });
      const { client: made, secret, hint } = await qlik.clients.create(host, wanted);
      expect(JSON.parse(qlik.apiCalls[0]?.body ?? '')).toEqual(wanted);
      expect(secret.reveal()).toBe('shown-once-5a5b5c');
      expect(hint).toBe('e6815');
      expect(made).toMatchObject({ clientId: 'c1', clientName: 'ours' });
      expect(JSON.stringify(made)).not.toContain('shown-once');
    });

    it('takes the hint in the other form, and none where it is not clear', async () => {
      created({ clientSecrets: [{ hint: 'aaaaa' }] });
      expect((await qlik.clients.create(host, wanted)).hint).toBe('aaaaa');
      created({});
      expect((await qlik.clients.create(host, wanted)).hint).toBeUndefined();
      created({ clientSecrets: [{ hint: 'aaaaa' }, { hint: 'bbbbb' }] });
      expect((await qlik.clients.create(host, wanted)).hint).toBeUndefined();
    });

    it('does not know what happened when there is no secret in the 201', async () => {
      created({ clientSecret: undefined });
      const error = await caught(qlik.clients.create(host, wanted));
      expect(error).toMatchObject({ code: 'QLIK_UNREADABLE', outcomeUnknown: true });
    });

    it('did nothing when no token could be had', async () => {
      qlik.token = (_request, response) => json(response, 503, {});
      const error = await caught(qlik.clients.create(host, wanted));
      expect(error).toMatchObject({ operation: 'token', failure: 'unavailable', outcomeUnknown: false });
    });
  });

  it('gets a client, or says that there is none', async () => {
    qlik.answer = (_request, response) => json(response, 200, client('c1'));
    expect(await qlik.clients.get(host, 'c1')).toMatchObject({ clientId: 'c1', clientName: 'ours' });
    qlik.answer = (_request, response) => json(response, 404, envelope('HTTP-404'));
    expect(await caught(qlik.clients.get(host, 'c1'))).toMatchObject({ code: 'CLIENT_NOT_FOUND', failure: 'refused' });
  });

  it('tells a list that Qlik left out from an empty one, and a client that is disabled', async () => {
    qlik.answer = (_request, response) => json(response, 200, { ...client('c1'), allowedOrigins: [], disableTag: 'x' });
    const { redirectUris, allowedOrigins, disableTag } = await qlik.clients.get(host, 'c1');
    expect([redirectUris, allowedOrigins, disableTag]).toEqual([undefined, [], 'x']);
  });

  describe('patch', () => {
    const changes = {
      clientName: 'ours',
      redirectUris: [],
      allowedOrigins: ['https://app.example'],
      allowedScopes: ['user_default'],
      allowedGrantTypes: [...IMPERSONATION_GRANTS],
    };

    it('replaces the settings it is given, and no others', async () => {
      qlik.answer = (_request, response) => response.writeHead(204).end();
      await qlik.clients.patch(host, 'c1', { allowedScopes: ['user_default'] });
      await qlik.clients.patch(host, 'c1', { ...changes, allowedAuthMethods: ['client_secret'] } as never);
      expect(qlik.apiCalls).toMatchObject([
        { method: 'PATCH', url: '/api/v1/oauth-clients/c1' },
        { method: 'PATCH', url: '/api/v1/oauth-clients/c1' },
      ]);
      expect(qlik.apiCalls.map(({ body }): unknown => JSON.parse(body))).toEqual([
        [{ op: 'replace', path: '/allowedScopes', value: ['user_default'] }],
        [
          { op: 'replace', path: '/clientName', value: 'ours' },
          { op: 'replace', path: '/redirectUris', value: [] },
          { op: 'replace', path: '/allowedOrigins', value: ['https://app.example'] },
          { op: 'replace', path: '/allowedScopes', value: ['user_default'] },
          { op: 'replace', path: '/allowedGrantTypes', value: changes.allowedGrantTypes },
        ],
      ]);
    });

    it('refuses an answer with a secret, which nobody asked for, and lets nobody see it', async () => {
      qlik.answer = (_request, response) => json(response, 202, { clientSecret: 'shown-once-5a5b5c' });
      const calls: CallRecord[] = [];
      const error = await caught(qlik.clients.patch(host, 'c1', changes, { onCall: (call) => calls.push(call) }));
      expect(error).toMatchObject({ code: 'QLIK_UNREADABLE', failure: 'unreadable', outcomeUnknown: false });
      expect(error.message).toContain('at its field "clientSecret"');
      expect(JSON.stringify(calls)).not.toContain('shown-once');
    });

    it('takes any other answer for done', async () => {
      qlik.answer = (_request, response) => json(response, 200, client('c1'));
      await expect(qlik.clients.patch(host, 'c1', changes)).resolves.toBeUndefined();
    });

    it.each([
      [404, { code: 'CLIENT_NOT_FOUND', failure: 'refused' }],
      [400, { code: 'QLIK_REFUSED', failure: 'refused', qlik: { status: 400 } }],
      [403, { code: 'QLIK_FORBIDDEN', failure: 'refused' }],
      [500, { code: 'QLIK_UNAVAILABLE', failure: 'unavailable' }],
    ])('on %i is sure that it can be tried again', async (status, expected) => {
      qlik.answer = (_request, response) => json(response, status, envelope(`HTTP-${status}`));
      const error = await caught(qlik.clients.patch(host, 'c1', changes));
      expect(error).toMatchObject({ ...expected, operation: 'patch-oauth-client', outcomeUnknown: false });
      expect(error.message).toContain('change the OAuth client');
    });
  });

  it('confirms a deletion, and takes 404 for done', async () => {
    qlik.answer = (_request, response) => response.writeHead(204).end();
    expect(await qlik.clients.delete(host, 'c1')).toBe('deleted');
    expect(qlik.apiCalls[0]).toMatchObject({ method: 'DELETE', url: '/api/v1/oauth-clients/c1' });
    expect(qlik.apiCalls[0]?.headers['qlik-confirm-delete']).toBe('c1');
    qlik.answer = (_request, response) => json(response, 404, {});
    expect(await qlik.clients.delete(host, 'c1')).toBe('absent');
    qlik.answer = (_request, response) => json(response, 403, {});
    expect(await caught(qlik.clients.delete(host, 'c1'))).toMatchObject({ code: 'QLIK_FORBIDDEN' });
  });

  it.each(['', '.', '..', '\ud800'])('sends nothing for the id %j', async (clientId) => {
    const error = await caught(qlik.clients.delete(host, clientId));
    expect(error).toMatchObject({ code: 'IDENTIFIER_NOT_USABLE', failure: 'refused' });
    expect(qlik.apiCalls).toEqual([]);
  });

  it('keeps an id within its part of the path', async () => {
    qlik.answer = (_request, response) => json(response, 404, {});
    await caught(qlik.clients.get(host, '../users?x#y%2e'));
    expect(qlik.apiCalls[0]?.url).toBe('/api/v1/oauth-clients/..%2Fusers%3Fx%23y%252e');
  });
});

describe('hintsOf', () => {
  it.each([
    [{ clientSecrets: [{ hint: 'a' }, { hint: 'b' }] }, ['a', 'b']],
    [{ clientSecrets: [], clientSecretHint: 'c' }, []],
    [{ clientSecretHint: 'c' }, ['c']],
    [{}, undefined],
  ])('of %j', (shown, hints) => {
    expect(hintsOf(shown)).toEqual(hints);
  });
});
