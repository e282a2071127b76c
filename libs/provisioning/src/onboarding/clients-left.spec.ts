import { describe, expect, it } from '@jest/globals';
import { byAge, sortOutClients } from './clients-left.js';

const client = (clientId: string, clientName: string, createdAt = '2026-01-01') => ({
  clientId,
  clientName,
  createdAt,
});

describe('sortOutClients', () => {
  const bits = (text: string) => Buffer.from(text).toString('hex').padEnd(32, '0');
  const name = (end: string) => `tenant-provisioner/c1/${bits(end)}`;

  it('names what was made for the customer and nobody recorded, the oldest first and each once', () => {
    const found = [
      client('1', name('young'), '2026-01-03'),
      client('2', name('recorded'), '2026-01-01'),
      client('3', name('old'), '2026-01-01'),
      client('4', name('young'), '2026-01-02'),
    ];
    expect(sortOutClients('c1', found, [name('recorded')])).toEqual({
      names: [name('old'), name('young')],
      unrecognised: 0,
    });
  });

  it.each([
    `tenant-provisioner/c10/${bits('x')}`,
    `tenant-provisioner/c2/${bits('x')}`,
    'tenant-provisioner/c1',
    `tenant-provisioner/C1/${bits('x')}`,
    'tenant-provisioner/c1/by hand',
  ])('does not know %s', (strange) => {
    expect(sortOutClients('c1', [client('1', strange)], [])).toEqual({ names: [], unrecognised: 1 });
  });

  it('remembers no more than twenty names', () => {
    const found = Array.from({ length: 23 }, (_, index) => client(`${index}`, name(`${index}`)));
    const { names, unrecognised } = sortOutClients('c1', found, []);
    expect([names.length, unrecognised]).toEqual([20, 3]);
  });
});

describe('byAge', () => {
  it('puts the oldest first, and of equals the smallest id', () => {
    const clients = [client('c', 'n', '2026-01-02'), client('b', 'n', '2026-01-01'), client('a', 'n', '2026-01-02')];
    expect(clients.sort(byAge).map(({ clientId }) => clientId)).toEqual(['b', 'a', 'c']);
  });
});
