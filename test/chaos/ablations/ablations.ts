import { duplicates } from '../faults/deliveries.js';
import { peopleAtQlik } from '../faults/people-at-qlik.js';
import { resets } from '../faults/qlik-answers.js';
import { redisOutages } from '../faults/redis-outages.js';
import { answersToRotations, slowSecrets } from '../faults/rotation/answers.js';
import { peopleInRotations } from '../faults/rotation/people.js';
import { frozenWorkers } from '../faults/worker-ends.js';
import type { Fault } from '../fault.js';
import { hostOf } from '../rig/signup-backend.js';
import type { ZeroCount } from '../verdict/counts.js';

/** A guard that is taken away, and what must then be seen. */
export interface Ablation {
  name: string;
  /** The sets of edits that take it away (seams/ablation-edits.ts); none where Qlik itself is changed. */
  edits: readonly string[];
  /** Edits that take no guard away; the control runs with them too. */
  besides?: readonly string[];
  by: Fault;
  /** The fault without which nothing is wrong, where that is not `by`. */
  control?: Fault;
  size: number;
  /** At least one of these counts must turn red. */
  red: readonly ZeroCount[];
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

const doubled: readonly ZeroCount[] = ['extraPosts', 'duplicateClients'];
const lost: readonly ZeroCount[] = ['unsettled'];

/** Every guard that the suite is proved with. */
export const ablations: readonly Ablation[] = [
  { name: 'no intent', edits: ['no-intent'], by: resets, size: 200, red: [...doubled, ...lost] },
  { name: 'no settling', edits: ['no-settle'], by: resets, size: 200, red: ['orphanSecrets'] },
  {
    name: 'no fence',
    edits: ['no-fence'],
    besides: ['wide-window'],
    by: frozenWorkers,
    size: 200,
    red: [...doubled, ...lost, 'orphanSecrets', 'deadStoredSecrets'],
  },
  { name: 'no deadline', edits: ['no-deadline'], besides: ['wide-window'], by: frozenWorkers, size: 200, red: doubled },
  { name: 'job ids instead of claims', edits: ['no-claim'], by: duplicates, size: 100, red: [...doubled, ...lost] },
  { name: 'blind re-POST', edits: ['blind-repost'], by: resets, size: 200, red: [...doubled, ...lost] },
  { name: 'retry in the HTTP client', edits: ['http-retry'], by: resets, size: 200, red: doubled },
  { name: 'log the body', edits: ['log-body'], by: resets, size: 200, red: ['plaintext'] },
  { name: 'the queue as truth', edits: ['queue-as-truth'], by: redisOutages, size: 100, red: lost },
  { name: 'secret noted with its attempt', edits: ['secret-in-attempt'], by: resets, size: 200, red: ['plaintext'] },
  { name: 'audit that leaves something out', edits: ['silent-audit'], by: resets, size: 200, red: ['missingEvents'] },
  { name: 'everything is ours', edits: ['everything-is-ours'], by: peopleAtQlik, size: 20, red: ['foreignDeleted'] },
  { name: 'no verification', edits: ['no-verification'], by: resets, size: 200, red: ['deadStoredSecrets'] },
  { name: 'lag above the assumed', edits: [], by: laggingLists, control: resets, size: 200, red: doubled },
  {
    name: 'no snapshot of the hints',
    edits: ['no-snapshot'],
    by: answersToRotations,
    size: 30,
    red: ['foreignDeleted'],
  },
  {
    name: 'retire by elimination',
    edits: ['retire-by-elimination'],
    by: answersToRotations,
    size: 30,
    red: ['foreignDeleted'],
  },
  {
    name: 'lost mints stay',
    edits: ['lost-mints-stay'],
    by: answersToRotations,
    size: 30,
    red: ['orphanSecrets'],
  },
  {
    name: 'no verification before promotion',
    edits: ['unverified-promotion'],
    by: slowSecrets,
    size: 40,
    red: ['brokenConsumers'],
  },
  { name: 'promotion first', edits: ['early-promotion'], by: slowSecrets, size: 40, red: ['brokenConsumers'] },
  { name: 'no grace', edits: ['no-grace'], by: slowSecrets, size: 40, red: ['brokenConsumers'] },
  { name: 'no second grace', edits: ['no-second-grace'], by: answersToRotations, size: 30, red: ['brokenConsumers'] },
  {
    name: 'no look at the current secret before retiring',
    edits: ['unproved-retirement'],
    by: peopleInRotations,
    size: 9,
    red: ['brokenConsumers', 'deadStoredSecrets'],
  },
  { name: 'no headroom', edits: ['no-headroom'], by: peopleInRotations, size: 9, red: ['sixthSecrets'] },
];
