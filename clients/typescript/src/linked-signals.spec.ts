import { describe, expect, it } from '@jest/globals';
import { linkSignals } from './linked-signals.js';
import { collectGarbage } from './testing/collect-garbage.js';

const reason = new Error('never mind');

describe('a linked signal', () => {
  it('is aborted with the reason of the first of the others', () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const { signal } = linkSignals(one.signal, undefined, other.signal);
    expect(signal.aborted).toBe(false);
    other.abort(reason);
    one.abort();
    expect(signal.reason).toBe(reason);
  });

  it('is aborted from the start where one of the others is', () => {
    expect(linkSignals(AbortSignal.abort(reason), new AbortController().signal).signal.reason).toBe(reason);
  });

  it('is aborted by itself', () => {
    const { signal, abort } = linkSignals();
    abort(reason);
    expect(signal.reason).toBe(reason);
  });

  it('does not hear of the others once it was released', () => {
    const other = new AbortController();
    const { signal, release } = linkSignals(other.signal);
    release();
    other.abort();
    expect(signal.aborted).toBe(false);
  });

  it('lives as long as the others do', async () => {
    const other = new AbortController();
    const heard = new Promise((resolve) =>
      linkSignals(other.signal).signal.addEventListener('abort', () => resolve('heard')),
    );
    await collectGarbage();
    other.abort();
    expect(await heard).toBe('heard');
  });
});
