import { describe, expect, it } from '@jest/globals';
import { OAuthClientsApi } from './oauth-clients.js';
import { QlikError } from './qlik-error.js';

const host = 'acme.eu.qlikcloud.com';
const client = (clientId: string, clientName: string) => ({ clientId, clientName, createdAt: '2026-01-01' });

/** The API over a Qlik that answers each path as told, and the filters it was asked for. */
function api(answer: (query: URLSearchParams) => object) {
  const filters: (string | null)[] = [];
  const call = ({ path }: { path: string }) => {
    const query = new URL(path, 'https://x').searchParams;
    filters.push(query.get('filter'));
    return Promise.resolve().then(() => answer(query));
  };
  return { clients: new OAuthClientsApi({ call } as never), filters };
}

const refuse = (status: number): never => {
  throw new QlikError('QLIK_REFUSED', { operation: 'list-oauth-clients', host, qlik: { status } });
};

describe('OAuthClientsApi.listByPrefix', () => {
  it('asks for the prefix and reads every page', async () => {
    const { clients, filters } = api((query) =>
      query.get('next') === null
        ? { data: [client('1', 'ours/1')], links: { next: { href: `https://${host}/api/v1/oauth-clients?next=x` } } }
        : { data: [client('2', 'ours/2')], links: { next: { href: '' } } },
    );
    expect(await clients.listByPrefix(host, 'ours/')).toMatchObject([{ clientId: '1' }, { clientId: '2' }]);
    expect(filters).toEqual(['clientName sw "ours/"', null]);
  });

  it('leaves out what does not begin with it where the filter was ignored', async () => {
    const { clients } = api(() => ({ data: [client('1', 'ours/1'), client('2', 'OURS/2'), client('3', 'not ours/')] }));
    expect(await clients.listByPrefix(host, 'ours/')).toMatchObject([{ clientId: '1' }]);
  });

  it('asks for all clients where the tenant does not know the filter', async () => {
    const { clients, filters } = api((query) =>
      query.has('filter') ? refuse(400) : { data: [client('1', 'ours/1'), client('2', 'theirs')] },
    );
    expect(await clients.listByPrefix(host, 'ours/')).toMatchObject([{ clientId: '1' }]);
    expect(filters).toEqual(['clientName sw "ours/"', null]);
  });

  it('tells every other refusal', async () => {
    const { clients, filters } = api(() => refuse(403));
    await expect(clients.listByPrefix(host, 'ours/')).rejects.toMatchObject({ qlik: { status: 403 } });
    expect(filters).toHaveLength(1);
  });

  it.each(['https://evil.example/api/v1/oauth-clients?next=x', '/api/v1/users?next=x', 'http://['])(
    'does not follow %s',
    async (href) => {
      const { clients, filters } = api(() => ({ data: [], links: { next: { href } } }));
      await expect(clients.listByPrefix(host, 'ours/')).rejects.toMatchObject({ code: 'QLIK_UNREADABLE' });
      expect(filters).toHaveLength(1);
    },
  );

  it('does not turn for ever', async () => {
    const { clients } = api(() => ({ data: [], links: { next: { href: '/api/v1/oauth-clients?next=x' } } }));
    await expect(clients.listByPrefix(host, 'ours/')).rejects.toMatchObject({ code: 'QLIK_UNREADABLE' });
  });
});
