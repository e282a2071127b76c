import { describe, expect, it } from '@jest/globals';
import { NotifiedCache } from './notified-cache.js';
import type { Listener } from './notifications.js';

const open = (max = 10) => {
  const listeners = new Map<string, Listener>();
  const notifications = {
    isHearing: true,
    subscribe: (channel: string, listener: Listener) => void listeners.set(channel, listener),
  };
  const cache = new NotifiedCache<{ of: string }>(notifications, { channel: 'thing_changed', max });
  return { cache, notifications, listener: listeners.get('thing_changed')! };
};

const A = { of: 'a' };
const B = { of: 'b' };

describe('NotifiedCache', () => {
  it('finds what was kept, under its subject and key', () => {
    const { cache } = open();
    cache.keep('a', 'x', A);
    cache.keep('b', 'x', B);
    expect([cache.find('a', 'x'), cache.find('b', 'x'), cache.find('a', 'y'), cache.find('a')]).toEqual([
      A,
      B,
      undefined,
      undefined,
    ]);
  });

  it('forgets all about a subject that has changed, and nothing about others', () => {
    const { cache, listener } = open();
    cache.keep('a', 'x', A);
    cache.keep('a', 'y', A);
    cache.keep('b', 'x', B);
    listener.changed('a');
    listener.changed('unknown');
    expect([cache.find('a', 'x'), cache.find('a', 'y'), cache.find('b', 'x')]).toEqual([undefined, undefined, B]);
  });

  it('forgets everything when the connection is lost', () => {
    const { cache, listener } = open();
    cache.keep('a', 'x', A);
    cache.keep('b', 'x', B);
    listener.lost();
    expect([cache.find('a', 'x'), cache.find('b', 'x'), cache.size]).toEqual([undefined, undefined, 0]);
  });

  it('neither finds nor keeps anything while nothing is heard', () => {
    const { cache, notifications } = open();
    cache.keep('a', 'x', A);
    notifications.isHearing = false;
    expect(cache.find('a', 'x')).toBeUndefined();
    cache.keep('a', 'y', A);
    notifications.isHearing = true;
    expect([cache.find('a', 'x'), cache.find('a', 'y')]).toEqual([A, undefined]);
  });

  it('keeps at most so many, the latest used, and forgets them with their subject all the same', () => {
    const { cache, listener } = open(2);
    cache.keep('a', 'x', A);
    cache.keep('a', 'y', A);
    cache.find('a', 'x');
    cache.keep('b', 'x', B);
    expect([cache.find('a', 'x'), cache.find('a', 'y'), cache.find('b', 'x')]).toEqual([A, undefined, B]);
    listener.changed('a');
    expect([cache.find('a', 'x'), cache.size]).toEqual([undefined, 1]);
  });

  it('forgets a value that was kept in place of another', () => {
    const { cache, listener } = open();
    cache.keep('a', 'x', A);
    cache.keep('a', 'x', B);
    listener.changed('a');
    expect(cache.find('a', 'x')).toBeUndefined();
  });

  it('drops a value, unless another has taken its place', () => {
    const { cache } = open();
    cache.keep('a', 'x', A);
    cache.drop('a', 'x', B);
    expect(cache.find('a', 'x')).toBe(A);
    cache.drop('a', 'x', A);
    expect(cache.find('a', 'x')).toBeUndefined();
  });
});
