import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CallLimits } from './call-limits.js';
import { CountedCallLimits } from './counted-call-limits.js';
import { InsuredCallLimits } from './insured-call-limits.js';

const host = 'acme.eu.qlikcloud.com';

/** A store that does as told. */
class Store implements CallLimits {
  asked = 0;
  how: 'counts' | 'fails' | 'hangs' = 'counts';
  readonly #limits = CountedCallLimits.inMemory({ read: 100, write: 100 });

  async take(): Promise<number> {
    await this.#behave();
    return this.#limits.take(host, 'write');
  }

  async pause(): Promise<void> {
    await this.#behave();
  }

  async #behave(): Promise<void> {
    this.asked += 1;
    if (this.how === 'fails') throw new Error('connection lost');
    if (this.how === 'hangs') await new Promise(() => undefined);
  }
}

describe('InsuredCallLimits', () => {
  let store: Store;
  let limits: InsuredCallLimits;
  let logged: unknown[][];
  beforeEach(() => {
    jest.useFakeTimers();
    store = new Store();
    logged = [];
    const log = (...line: unknown[]) => void logged.push(line);
    limits = new InsuredCallLimits(store, CountedCallLimits.inMemory({ read: 100, write: 2 }), {
      warn: log,
      info: log,
    });
  });
  afterEach(() => void jest.useRealTimers());

  const takeWrites = async (times: number) => {
    const waits = [];
    for (let time = 0; time < times; time += 1) waits.push(await limits.take(host, 'write'));
    return waits;
  };

  it('counts in the store that is shared', async () => {
    expect(await takeWrites(3)).toEqual([0, 0, 0]);
    expect(logged).toEqual([]);
    expect(jest.getTimerCount()).toBeLessThanOrEqual(1);
  });

  it('keeps within the limits by itself while the store fails, and says so once', async () => {
    store.how = 'fails';
    expect(await takeWrites(3)).toEqual([0, 0, 60_000]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await takeWrites(1)).toEqual([59_000]);
    expect(store.asked).toBe(2);
    expect(logged).toEqual([
      [{ reason: 'connection lost' }, expect.stringContaining('The store of the call limits does not answer')],
    ]);
  });

  it('keeps a pause by itself while the store fails', async () => {
    store.how = 'fails';
    await limits.pause(host, 'write', 7_000);
    expect(await takeWrites(1)).toEqual([7_000]);
    await jest.advanceTimersByTimeAsync(7_000);
    expect(await takeWrites(1)).toEqual([0]);
  });

  it('goes back to the store when that answers again', async () => {
    store.how = 'fails';
    await takeWrites(3);
    store.how = 'counts';
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await takeWrites(3)).toEqual([0, 0, 0]);
    expect(logged.at(-1)).toEqual([{}, 'The store of the call limits answers again.']);
    expect(logged).toHaveLength(2);
  });

  it('waits no longer than a second for a store that hangs, and not for every call', async () => {
    store.how = 'hangs';
    const first = limits.take(host, 'write');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await first).toBe(0);
    expect(await takeWrites(2)).toEqual([0, 60_000]);
    expect(store.asked).toBe(1);
  });
});
