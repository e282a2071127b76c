import { qlikOutageCodes } from './qlik-outage-codes.js';
import type { Disturbance, Fault, Scene } from '../fault.js';

/** Sets faults at Qlik for the requests of all operations, each by its own chance. */
export async function strikeAnswers({ rig, random }: Scene, faults: readonly object[]): Promise<Disturbance> {
  for (const fault of faults) await rig.sandbox.addFault({ ...fault, seed: random.seed() });
  return { end: () => rig.sandbox.clearFaults() };
}

/** F2: connections that break. */
export const resets: Fault = {
  id: 'F2',
  title: 'connection reset before commit, after commit, mid-body',
  full: 2_000,
  mayStopWith: qlikOutageCodes,
  begin: (scene) =>
    strikeAnswers(scene, [
      { kind: 'reset-before', probability: 0.03 },
      { kind: 'reset-after', probability: 0.03 },
      { kind: 'truncate', probability: 0.03 },
    ]),
};

/** F3: Qlik's own failures. */
export const serverErrors: Fault = {
  id: 'F3',
  title: '500 and 503, before and after commit',
  full: 2_000,
  mayStopWith: qlikOutageCodes,
  begin: (scene) =>
    strikeAnswers(scene, [
      { kind: 'status', status: 500, probability: 0.02 },
      { kind: 'status', status: 500, after: true, probability: 0.02 },
      { kind: 'status', status: 503, retryAfter: 1, probability: 0.02 },
      { kind: 'status', status: 503, after: true, probability: 0.02 },
    ]),
};

/** F4: answers that never come, or too slowly. */
export const hangs: Fault = {
  id: 'F4',
  title: 'hang past the timeout, before and after commit; body by drops',
  full: 1_000,
  mayStopWith: qlikOutageCodes,
  begin: (scene) =>
    strikeAnswers(scene, [
      { kind: 'hang', probability: 0.02 },
      { kind: 'hang', after: true, probability: 0.02 },
      { kind: 'drip', delayMs: 100, probability: 0.02 },
    ]),
};

/** F5: Qlik says not so fast. */
export const rateLimits: Fault = {
  id: 'F5',
  title: '429 with Retry-After in seconds, as a date, absent, absurd',
  full: 2_000,
  mayStopWith: qlikOutageCodes,
  begin: (scene) =>
    strikeAnswers(scene, [
      { kind: 'rate-limit', retryAfter: 1, probability: 0.03 },
      { kind: 'rate-limit', retryAfter: new Date(Date.now() + 2_000).toUTCString(), probability: 0.02 },
      { kind: 'rate-limit', retryAfter: null, probability: 0.01 },
      { kind: 'rate-limit', retryAfter: '-7 bananas', probability: 0.01 },
    ]),
};
