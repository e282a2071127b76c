import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../../fault.js';
import { rotate } from '../../rotations.js';
import { hostOf } from '../../rig/signup-backend.js';
import { strikeAnswers } from '../qlik-answers.js';
import { qlikOutageCodes } from '../qlik-outage-codes.js';
import { ofRotations } from './of-rotations.js';

/** R2: more often at the one call that cannot be repeated. */
export const answersToRotations: Fault = ofRotations({
  id: 'R2',
  title: 'rotation: resets before and after commit, 500 and 503, truncation, hangs, 429',
  full: 400,
  mayStopWith: qlikOutageCodes,
  begin: (scene) =>
    strikeAnswers(scene, [
      { kind: 'reset-after', operation: 'secret-create', probability: 0.08 },
      { kind: 'status', status: 500, after: true, operation: 'secret-create', probability: 0.04 },
      { kind: 'truncate', operation: 'secret-create', probability: 0.04 },
      { kind: 'hang', after: true, operation: 'secret-create', probability: 0.04 },
      { kind: 'reset-before', probability: 0.02 },
      { kind: 'reset-after', probability: 0.02 },
      { kind: 'truncate', probability: 0.02 },
      { kind: 'status', status: 500, probability: 0.02 },
      { kind: 'status', status: 503, after: true, probability: 0.02 },
      { kind: 'hang', probability: 0.01 },
      ...['secret-create', 'secret-delete', 'token', 'get'].map((operation) => ({
        ...{ kind: 'rate-limit', operation, retryAfter: 1, probability: 0.03 },
      })),
    ]),
});

/** Longer than it takes to promote a secret and to read it. */
const SLOW_MS = [2_000, 4_000] as const;

/** R3: what Qlik was told takes its time to hold, at each tenant another. */
export const slowSecrets: Fault = ofRotations({
  id: 'R3',
  title: 'rotation: a new secret works, and a deleted one fails, only after some seconds',
  full: 200,
  begin: async ({ names }) => {
    // The first secrets are to be older than what takes its time: the sandbox goes by their age.
    await pause(SLOW_MS[1]);
    return { end: () => Promise.resolve(names.length) };
  },
  accept: async (scene, name) => {
    const { rig, random } = scene;
    const unknowns = {
      secretPropagationMs: random.between(...SLOW_MS),
      secretDeletionDelayMs: random.between(0, SLOW_MS[1]),
      wrongSecretStatus: random.pick([400, 401]),
    };
    await rig.sandbox.setTenant(hostOf(name), { unknowns });
    return rotate(scene, name);
  },
});
