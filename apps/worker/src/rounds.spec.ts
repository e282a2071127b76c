import { describe, expect, it } from '@jest/globals';
import { Rounds } from './rounds.js';

describe('Rounds', () => {
  it('go on, one at a time, until they are stopped', async () => {
    const { promise: thirdBegan, resolve: begin } = Promise.withResolvers<void>();
    let [begun, ended, atOnce] = [0, 0, 0];
    const rounds = new Rounds(async () => {
      begun += 1;
      atOnce = Math.max(atOnce, begun - ended);
      await Promise.resolve();
      ended += 1;
      if (begun === 3) begin();
    });
    rounds.start({ firstInMs: 0, pauseMs: 0 });
    await thirdBegan;
    await rounds.stop();
    expect([ended >= 3, atOnce, begun - ended]).toEqual([true, 1, 0]);
  });

  it('are stopped once the round under way has ended, and none begins afterwards', async () => {
    const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    let begun = 0;
    const rounds = new Rounds(() => {
      begun += 1;
      begin();
      return mayEnd;
    });
    rounds.start({ firstInMs: 0, pauseMs: 0 });
    await hasBegun;
    let isStopped = false;
    const stopped = rounds.stop().then(() => (isStopped = true));
    await new Promise(setImmediate);
    expect(isStopped).toBe(false);
    end();
    await stopped;
    rounds.start({ firstInMs: 0, pauseMs: 0 });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(begun).toBe(1);
  });
});
