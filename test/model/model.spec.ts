import { describe, expect, it } from '@jest/globals';
import { describeCounterexample, runModel } from './run-model.js';
import type { BrokenProtocol } from './world.js';

/** `MODEL_SCHEDULES`, `MODEL_SEED` and `MODEL_PATH` choose what is tried; a failure prints what to set to see it again. */
const SCHEDULES = Number(process.env.MODEL_SCHEDULES ?? 10_000);
const SEED = Number(process.env.MODEL_SEED ?? 1);

/** Room for a busy machine; it takes a small part of it. */
const AT_MOST_MS = 60_000 + SCHEDULES * 30;

describe('the onboarding, at whatever schedule of workers, clock, crashes and Qlik', () => {
  it(
    `leaves one client with a working secret and nothing else of ours (${SCHEDULES} schedules from seed ${SEED})`,
    async () => {
      const result = await runModel({ schedules: SCHEDULES, seed: SEED, path: process.env.MODEL_PATH });
      if (result.counterexample !== undefined) throw new Error(describeCounterexample(result.counterexample));
      expect(result.schedules).toBe(process.env.MODEL_PATH === undefined ? SCHEDULES : 1);
    },
    AT_MOST_MS,
  );

  it('is the same for the same seed', async () => {
    const broken = 'no settling';
    const [first, again] = [
      await runModel({ schedules: 1_000, seed: 3, broken, shrink: false }),
      await runModel({ schedules: 1_000, seed: 3, broken, shrink: false }),
    ];
    expect(first.counterexample).toBeDefined();
    expect(again).toEqual(first);
    const { seed, path } = first.counterexample!;
    const { counterexample } = await runModel({ schedules: 1_000, seed, path, broken, shrink: false });
    expect(counterexample?.story).toEqual(first.counterexample?.story);
  });
});

describe('a protocol with something taken out of it', () => {
  it.each<BrokenProtocol>([
    'no intent',
    'no settling',
    'no wait before looking',
    'no fence',
    'no guard before the POST',
    'blind re-POST',
    'lost answers taken for refusals',
    'lag above the assumed',
    'deletion before it is noted',
    'time by the worker’s own clock',
    'no look for what a restored database forgot',
    'a client found by its prefix taken for our own',
    'every secret of an adopted client taken for ours',
  ])(
    'is found out: %s',
    async (broken) => {
      const { counterexample } = await runModel({ schedules: 10_000, seed: SEED, broken, shrink: false });
      expect(counterexample?.violation).toMatch(/\w+/);
    },
    AT_MOST_MS,
  );
});
