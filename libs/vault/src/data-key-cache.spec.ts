import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it, jest } from '@jest/globals';
import type { DataKey } from '@app/platform';
import { DataKeyCache, MAX_CACHED_KEYS, MAX_CACHED_MS } from './data-key-cache.js';
import { DataKeyHandle } from './data-key-handle.js';

const row = (id: string): DataKey => ({
  id,
  owner: 'customer',
  ownerId: `owner of ${id}`,
  keyEncryptionKeyId: 'key-1',
  wrapped: `wrapped ${id}`,
  createdAt: new Date(0),
  destroyedAt: null,
});
const handleOf = ({ id, owner, ownerId }: DataKey) =>
  new DataKeyHandle(id, { kind: owner, id: ownerId }, randomBytes(32));

describe('DataKeyCache', () => {
  it('lets go of a key when it is too old, however often it was used', () => {
    jest.useFakeTimers();
    try {
      const cache = new DataKeyCache();
      const handle = handleOf(row('a'));
      cache.keep(row('a'), handle);
      jest.advanceTimersByTime(MAX_CACHED_MS - 1);
      expect(cache.find(row('a'))).toBe(handle);
      jest.advanceTimersByTime(1);
      expect(cache.find(row('a'))).toBeUndefined();
    } finally {
      jest.useRealTimers();
    }
  });

  it('counts the age from the last time the key was unwrapped', () => {
    jest.useFakeTimers();
    try {
      const cache = new DataKeyCache();
      cache.keep(row('a'), handleOf(row('a')));
      jest.advanceTimersByTime(MAX_CACHED_MS - 1);
      cache.keep(row('a'), handleOf(row('a')));
      jest.advanceTimersByTime(MAX_CACHED_MS - 1);
      expect(cache.find(row('a'))).toBeDefined();
    } finally {
      jest.useRealTimers();
    }
  });

  it.each<Partial<DataKey>>([
    { wrapped: 'other' },
    { wrapped: null },
    { keyEncryptionKeyId: 'key-2' },
    { owner: 'endpoint' },
    { ownerId: 'other' },
    { id: 'b' },
  ])('finds nothing for a row changed to %j', (change) => {
    const cache = new DataKeyCache();
    cache.keep(row('a'), handleOf(row('a')));
    expect(cache.find({ ...row('a'), ...change })).toBeUndefined();
  });

  it('drops the least recently used key when it is full', () => {
    const cache = new DataKeyCache();
    for (let n = 0; n < MAX_CACHED_KEYS; n++) cache.keep(row(`${n}`), handleOf(row(`${n}`)));
    expect(cache.find(row('0'))).toBeDefined();
    cache.keep(row('new'), handleOf(row('new')));
    expect(cache.find(row('1'))).toBeUndefined();
    expect(cache.find(row('0'))).toBeDefined();
    expect(cache.find(row('new'))).toBeDefined();
  });
});

describe('DataKeyHandle', () => {
  it('zeroes the bytes it was given and never shows the key', () => {
    const bytes = Buffer.alloc(32, 'K');
    const handle = new DataKeyHandle('d1', { kind: 'region', id: 'eu' }, bytes);
    expect(bytes).toEqual(Buffer.alloc(32));
    expect(JSON.stringify(handle)).toBe('{"id":"d1","owner":{"kind":"region","id":"eu"}}');
    const shown = inspect(handle, { depth: 9, showHidden: true });
    expect(shown).not.toContain('KKKK');
    expect(shown).not.toContain(Buffer.alloc(32, 'K').toString('base64'));
  });
});
