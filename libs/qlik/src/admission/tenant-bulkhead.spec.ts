import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { caught } from '../../testing/caught.js';
import { host, otherHost } from '../../testing/local-qlik.js';
import { CALLS_AT_ONCE, CALLS_WAITING, TenantBulkhead } from './tenant-bulkhead.js';

const call = { operation: 'list-oauth-clients', host } as const;

/** Calls that end when the test says so, through a bulkhead. */
class Calls {
  readonly bulkhead = new TenantBulkhead(() => 0.5);
  readonly begun: string[] = [];
  readonly #ends = new Map<string, (error?: Error) => void>();

  start(name: string, to = call as { operation: 'list-oauth-clients'; host: string }, signal?: AbortSignal) {
    return this.bulkhead.run(to, signal, () => {
      this.begun.push(name);
      return new Promise<void>((resolve, reject) => {
        this.#ends.set(name, (error) => (error === undefined ? resolve() : reject(error)));
      });
    });
  }

  async end(name: string, error?: Error): Promise<void> {
    this.#ends.get(name)!(error);
    await setImmediate();
  }
}

describe('TenantBulkhead', () => {
  it('has the room that a process asks for', async () => {
    const bulkhead = new TenantBulkhead(() => 0.5, { atOnce: 3, waiting: 1 });
    const begun: number[] = [];
    const start = (number: number) => bulkhead.run(call, undefined, () => Promise.resolve(begun.push(number)));
    const waiting = [0, 1, 2, 3].map(start);
    expect(await caught(start(4))).toMatchObject({ code: 'TENANT_BUSY' });
    await Promise.all(waiting);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('lets two calls to a tenant go at once and the next when one has ended, in the order of their coming', async () => {
    const calls = new Calls();
    const all = ['a', 'b', 'c', 'd'].map((name) => calls.start(name));
    await setImmediate();
    expect(calls.begun).toEqual(['a', 'b']);
    await calls.end('b');
    expect(calls.begun).toEqual(['a', 'b', 'c']);
    await calls.end('a');
    expect(calls.begun).toEqual(['a', 'b', 'c', 'd']);
    await calls.end('c');
    await calls.end('d');
    await Promise.all(all);
    // Nothing is left: two may go at once again.
    const later = ['e', 'f'].map((name) => calls.start(name));
    await setImmediate();
    expect(calls.begun.slice(4)).toEqual(['e', 'f']);
    await calls.end('e');
    await calls.end('f');
    await Promise.all(later);
  });

  it('gives the place of a call that failed on, and its error to the caller', async () => {
    const calls = new Calls();
    const first = calls.start('a');
    void calls.start('b');
    void calls.start('c');
    await setImmediate();
    const failed = expect(first).rejects.toThrow('broken');
    await calls.end('a', new Error('broken'));
    await failed;
    expect(calls.begun).toEqual(['a', 'b', 'c']);
  });

  it('keeps no tenant back for another', async () => {
    const calls = new Calls();
    for (const name of ['a', 'b', 'c']) void calls.start(name);
    void calls.start('other', { ...call, host: otherHost });
    await setImmediate();
    expect(calls.begun).toEqual(['a', 'b', 'other']);
  });

  it('lets a caller give up its turn', async () => {
    const calls = new Calls();
    const [first] = ['a', 'b'].map((name) => calls.start(name));
    const givingUp = new AbortController();
    const third = calls.start('c', call, givingUp.signal);
    void calls.start('d');
    await setImmediate();
    givingUp.abort();
    expect(await caught(third)).toMatchObject({ code: 'CALL_ABORTED', outcomeUnknown: false });
    await calls.end('a');
    await first;
    expect(calls.begun).toEqual(['a', 'b', 'd']);
  });

  it('does not queue for a caller that has given up already', async () => {
    const calls = new Calls();
    for (const name of ['a', 'b']) void calls.start(name);
    expect(await caught(calls.start('c', call, AbortSignal.abort()))).toMatchObject({ code: 'CALL_ABORTED' });
  });

  it('sends away what would wait too long', async () => {
    const calls = new Calls();
    for (let index = 0; index < CALLS_AT_ONCE + CALLS_WAITING; index += 1) void calls.start(`${index}`);
    expect(await caught(calls.start('one too many'))).toMatchObject({
      code: 'TENANT_BUSY',
      failure: 'held-back',
      retryAfterMs: 1_500,
    });
  });
});
