import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CallLimits } from './call-limits.js';
import { InsuredCallLimits } from './insured-call-limits.js';
import { OwnCallLimits } from './own-call-limits.js';

const host = 'acme.eu.qlikcloud.com';

/** A store that does as told. */
class Store implements CallLimits {
  asked = 0;
  how: 'counts' | 'fails' | 'hangs' = 'counts';
  readonly paused: unknown[][] = [];
  /** What it says to whoever takes a call. */
  waitMs = 0;

  async take(): Promise<number> {
    await this.#behave();
    return this.waitMs;
  }

  async pause(...pause: unknown[]): Promise<void> {
    await this.#behave();
    this.paused.push(pause);
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
    limits = new InsuredCallLimits(store, new OwnCallLimits({ read: 100, write: 2 }), {
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

  it.each(['fails', 'hangs'] as const)(
    'keeps a pause that the store has not taken when it answers again: it %s',
    async (how) => {
      store.how = how;
      const pausing = limits.pause(host, 'write', 900_000);
      await jest.advanceTimersByTimeAsync(1_000);
      await pausing;
      store.how = 'counts';
      await jest.advanceTimersByTimeAsync(1_000);
      expect(await takeWrites(1)).toEqual([898_000]);
      expect(await limits.take('other.eu.qlikcloud.com', 'write')).toBe(0);
      expect(await limits.take(host, 'read')).toBe(0);
      await jest.advanceTimersByTimeAsync(898_000);
      expect(await takeWrites(1)).toEqual([0]);
    },
  );

  it('keeps a pause that the store took and lost', async () => {
    await limits.pause(host, 'write', 10_000);
    expect(await takeWrites(1)).toEqual([10_000]);
  });

  it('keeps the longer of two pauses', async () => {
    store.how = 'fails';
    for (const ms of [5_000, 60_000, 1_000]) await limits.pause(host, 'write', ms);
    expect(await takeWrites(1)).toEqual([60_000]);
  });

  it('has the store hear of its pauses once it answers again, whoever is called then', async () => {
    store.how = 'fails';
    await limits.pause(host, 'write', 60_000);
    await limits.pause(host, 'read', 1_500);
    store.how = 'counts';
    await jest.advanceTimersByTimeAsync(2_000);
    await limits.take('other.eu.qlikcloud.com', 'read');
    expect(store.paused).toEqual([[host, 'write', 58_000]]);
  });

  it('has the store hear of a pause also if nobody else is called', async () => {
    store.how = 'fails';
    await limits.pause(host, 'write', 60_000);
    store.how = 'counts';
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await takeWrites(2)).toEqual([58_000, 58_000]);
    expect(store.paused.length).toBeGreaterThan(0);
    expect(new Set(store.paused.map((pause) => pause.join(' ')))).toEqual(new Set([`${host} write 58000`]));
  });

  it('takes no call from the store that is paused here anyway', async () => {
    await limits.pause(host, 'write', 60_000);
    const askedBefore = store.asked;
    await takeWrites(3);
    expect(store.asked).toBe(askedBefore);
  });

  it('heeds what the store says', async () => {
    store.waitMs = 4_321;
    expect(await takeWrites(1)).toEqual([4_321]);
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
