import { describe, expect, it } from '@jest/globals';
import { OAuthClientsApi } from '@app/qlik';
import { listNamed } from './named-clients.js';

describe('listNamed', () => {
  it('gives the clients of every name', async () => {
    const call = ({ path }: { path: string }) => {
      const name = /"(.*)"/.exec(new URL(path, 'https://x').searchParams.get('filter') ?? '')?.[1] ?? '';
      const client = (clientId: string, clientName: string) => ({ clientId, clientName });
      return Promise.resolve({ data: [client(`of ${name}`, name), client('x', 'of another name')] });
    };
    const clients = await listNamed(new OAuthClientsApi({ call } as never), 'acme.eu.qlikcloud.com', ['a', 'b'], {});
    expect(clients).toMatchObject([{ clientId: 'of a' }, { clientId: 'of b' }]);
  });
});
