import { setTimeout as pause } from 'node:timers/promises';
import type { Scene } from './fault.js';
import { patiently, until } from './patiently.js';
import { Consumer } from './rig/consumer.js';
import { inParallel, type Signup } from './rig/signup-backend.js';
import { runsOf } from './verdict/runs-of.js';

/** How a customer's secret is rotated: asked for, by the schedule, at once; or with a second thought while it is under way. */
export type RotationKind = 'graceful' | 'scheduled' | 'emergency' | 'overtaken' | 'rolled back';

/** Out of twenty. */
const kinds: readonly RotationKind[] = [
  ...Array.from({ length: 7 }, () => 'graceful' as const),
  ...Array.from({ length: 5 }, () => 'scheduled' as const),
  ...Array.from({ length: 4 }, () => 'emergency' as const),
  ...Array.from({ length: 2 }, () => 'overtaken' as const),
  ...Array.from({ length: 2 }, () => 'rolled back' as const),
];

const ONBOARDED_WITHIN_MS = 300_000;
/** One client in so many has a secret of somebody else's; of these every other one was made by the very user that makes ours. */
const FOREIGN_EVERY = 5;
/** How long somebody waits for a rotation to come to its grace before he gives up going back. */
const GOES_BACK_WITHIN_MS = 4_000;

/** The customers whose secrets a batch rotates, and whoever uses them. */
export interface Rotations {
  readonly onboarded: ReadonlyMap<string, Signup>;
  readonly consumer: Consumer;
  /** By the customer's name. */
  readonly kindOf: Map<string, RotationKind>;
}

/** Onboards the customers of a batch, puts secrets of somebody else's on some of their clients, and has all the credentials read. */
export async function prepareRotations(
  scene: Scene,
  { allowed = kinds, withForeign = true }: { allowed?: readonly RotationKind[]; withForeign?: boolean } = {},
): Promise<void> {
  const { names, backend, random } = scene;
  const signups = await inParallel(names, 8, (name) => backend.onboard(name));
  await until(
    async () => (await runsOf({ ...scene, signups })).succeeded === names.length,
    ONBOARDED_WITHIN_MS,
    () => 'An onboarding that nothing disturbs does not end.',
  );
  if (withForeign) await addForeignSecrets(scene);
  scene.rotations = {
    onboarded: new Map(signups.map((signup) => [signup.name, signup])),
    consumer: await Consumer.start(scene, signups),
    kindOf: new Map(names.map((name) => [name, random.pick(allowed)])),
  };
}

async function addForeignSecrets({ rig, foreign, prefix, names }: Scene): Promise<void> {
  const hosts = new Map(names.map((name, index) => [name, index]));
  const others = foreign.clientIds;
  const { clients } = await rig.sandbox.state(prefix);
  for (const { clientId, tenantHost, secrets } of clients) {
    const index = hosts.get(tenantHost.split('.')[0]!)!;
    if (others.has(clientId) || index % FOREIGN_EVERY !== 0) continue;
    const createdBy = index % (2 * FOREIGN_EVERY) === 0 ? secrets[0]!.createdBy : undefined;
    await foreign.addSecrets(tenantHost, clientId, 1, createdBy);
  }
}

/** Rotates the secret of a customer that was onboarded before. */
export async function rotate(scene: Scene, name: string): Promise<Signup> {
  const { onboarded, consumer, kindOf } = scene.rotations!;
  const signup = onboarded.get(name)!;
  const kind = kindOf.get(name)!;
  consumer.watch(signup, { isExcused: kind === 'emergency' || kind === 'overtaken' });
  const runId = await begin(scene, signup, kind);
  return { ...signup, formerRunId: signup.runId, runId };
}

async function begin(scene: Scene, { customerId, runId }: Signup, kind: RotationKind): Promise<string> {
  const { backend, random } = scene;
  switch (kind) {
    case 'graceful':
    case 'emergency':
      return backend.rotate(customerId, kind, 'the suite');
    case 'scheduled':
      await makeDue(scene, customerId);
      return runId;
    case 'overtaken':
      await backend.rotate(customerId, 'graceful', 'the suite');
      await pause(random.between(0, 2_500));
      return backend.rotate(customerId, 'emergency', 'it leaked');
    case 'rolled back': {
      const begun = await backend.rotate(customerId, 'graceful', 'the suite');
      for (const giveUpAt = Date.now() + GOES_BACK_WITHIN_MS; Date.now() < giveUpAt; await pause(200)) {
        if (await backend.rollBack(customerId, 'the new one is not liked')) break;
      }
      return begun;
    }
  }
}

/** As if the interval were over. */
const makeDue = ({ rig }: Scene, customerId: string): Promise<unknown> =>
  patiently(() =>
    rig.database.client.customer.update({ where: { id: customerId }, data: { nextRotationAt: new Date() } }),
  );
