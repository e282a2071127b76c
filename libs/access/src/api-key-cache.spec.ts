import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Notifications } from '@app/platform';
import { ApiKeyCache, type KnownKey } from './api-key-cache.js';

type Listener = Parameters<Notifications['subscribe']>[1];

const row = { id: 'k1' } as KnownKey;

let looks: number;
let listener: Listener;
let notifications: Pick<Notifications, 'isHearing' | 'subscribe'> & { isHearing: boolean };
let cache: ApiKeyCache;

beforeEach(() => {
  looks = 0;
  notifications = { isHearing: true, subscribe: (_channel, one) => void (listener = one) };
  cache = new ApiKeyCache(notifications);
});

const look = (found: KnownKey | undefined = row) => {
  looks += 1;
  return Promise.resolve(found);
};

describe('ApiKeyCache', () => {
  it('looks once for those who come at the same time and soon after', async () => {
    expect(await Promise.all([cache.find('k1', look), cache.find('k1', look)])).toEqual([row, row]);
    expect([await cache.find('k1', look), looks]).toEqual([row, 1]);
  });

  it('looks again when the key has changed, also while it was looked up', async () => {
    const first = cache.find('k1', look);
    listener.changed('k1');
    await first;
    await cache.find('k1', look);
    cache.forget('k1');
    await cache.find('k1', look);
    expect(looks).toBe(3);
  });

  it('looks each time while changes are not heard', async () => {
    notifications.isHearing = false;
    await cache.find('k1', look);
    await cache.find('k1', look);
    expect(looks).toBe(2);
  });

  it('remembers neither a key that is not there nor a failure', async () => {
    expect(await cache.find('k1', () => look(undefined).then(() => undefined))).toBeUndefined();
    await expect(cache.find('k1', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.find('k1', look)).toBe(row);
  });
});
