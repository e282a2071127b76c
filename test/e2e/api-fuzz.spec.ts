import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Scene, setScene } from '../fuzz/scene.js';
import type { Tally } from '../fuzz/tally.js';
import { Walk } from '../fuzz/walk.js';

/** The same in every build: whether it is green must not be a matter of luck. `npm run fuzz` draws a seed of its own. */
const SEED = 1;

/** A tenth of `npm run fuzz`. */
const REQUESTS = 1_000;

let scene: Scene;
let tally: Tally;

beforeAll(async () => {
  scene = await setScene();
  tally = await Walk.run(scene, { seed: SEED, requests: REQUESTS });
}, 300_000);
afterAll(() => scene.close());

describe(`${REQUESTS} requests made of the OpenAPI document`, () => {
  it('are answered as it says: no fault of ours, no secret, no row by what was refused', () => {
    expect(tally.requests).toBe(REQUESTS);
    expect(tally.describeFailures(SEED)).toBe('');
  });

  it('get into most operations', () => {
    expect(tally.operations).toBeGreaterThan(40);
    expect(tally.neverAccepted.length).toBeLessThan(tally.operations / 3);
  });

  it('leave no key and no secret in the log', () => {
    const logged = scene.logged();
    expect(logged).toContain('Request answered');
    expect(scene.secrets.filter((secret) => logged.includes(secret))).toEqual([]);
  });
});
