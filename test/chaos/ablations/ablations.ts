import { allAtOnce } from '../faults/all-at-once.js';
import { duplicates } from '../faults/deliveries.js';
import { peopleAtQlik } from '../faults/people-at-qlik.js';
import { resets } from '../faults/qlik-answers.js';
import { redisOutages } from '../faults/redis-outages.js';
import { frozenWorkers, killedWorkers } from '../faults/worker-ends.js';
import type { Fault } from '../fault.js';
import { hostOf } from '../rig/signup-backend.js';

/** A guard that is taken away, and the faults of which at least one must then turn red. */
export interface Ablation {
  name: string;
  /** The set of edits that takes it away (seams/ablation-edits.ts); none where Qlik itself is changed. */
  edits: readonly string[];
  by: readonly Fault[];
  size: number;
}

/** Lists that show a new client later than the workers assume. */
const laggingLists: Fault = {
  ...resets,
  title: `${resets.title}; lists lag by eight seconds`,
  accept: async ({ rig, backend }, name) => {
    await rig.sandbox.setTenant(hostOf(name), { lagMs: 8_000 });
    return backend.onboard(name);
  },
};

/** Every guard that the suite is proved with. */
export const ablations: readonly Ablation[] = [
  { name: 'no intent', edits: ['no-intent'], by: [killedWorkers], size: 150 },
  { name: 'no settling', edits: ['no-settle'], by: [resets], size: 150 },
  { name: 'no fence', edits: ['no-fence'], by: [frozenWorkers, allAtOnce], size: 150 },
  { name: 'job ids instead of claims', edits: ['no-claim'], by: [duplicates], size: 100 },
  { name: 'blind re-POST', edits: ['blind-repost'], by: [resets], size: 150 },
  { name: 'retry in the HTTP client', edits: ['http-retry'], by: [resets], size: 150 },
  { name: 'log the body', edits: ['log-body'], by: [resets], size: 20 },
  { name: 'the queue as truth', edits: ['queue-as-truth'], by: [redisOutages], size: 100 },
  { name: 'no sealing', edits: ['no-sealing'], by: [resets], size: 20 },
  { name: 'an audit that leaves something out', edits: ['silent-audit'], by: [resets], size: 20 },
  { name: 'everything is ours', edits: ['everything-is-ours'], by: [peopleAtQlik], size: 20 },
  { name: 'no verification', edits: ['no-verification'], by: [resets], size: 20 },
  { name: 'lag above the assumed', edits: [], by: [laggingLists], size: 150 },
];
