import { randomBytes } from 'node:crypto';
import type { Disturbance, Fault, Scene } from '../../fault.js';
import { inBackground } from '../../in-background.js';
import { runCli } from '../../rig/cli.js';
import { ofRotations } from './of-rotations.js';

const ROTATES_AT_MOST = 5;

const newKey = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const idOf = (key: string): string => key.split(':')[0]!;

/** Restarts every process with these keys, each in its own time. */
async function restartAll({ rig }: Scene, keys: string): Promise<void> {
  rig.useKeys(keys);
  const restartWorker = async (place: number) => {
    await rig.workers.kill(place, 'SIGTERM');
    await rig.workers.start(place);
  };
  await Promise.all([
    rig.restartApi(),
    ...Array.from({ length: rig.workers.count }, (_, place) => restartWorker(place)),
  ]);
}

/** Has the CLI wrap every data key anew; says how many those were. */
async function rewrapAll({ rig }: Scene): Promise<number> {
  let rewrapped = 0;
  for (let times = 1; ; times += 1) {
    const { code, result, complaint } = await runCli(['keys', 'rotate'], rig.env);
    rewrapped += (result as { rewrapped?: number } | undefined)?.rewrapped ?? 0;
    if (code === 0) return rewrapped;
    if (times === ROTATES_AT_MOST) throw new Error(`"keys rotate" ends with ${code}: ${complaint}`);
  }
}

/** Throws unless the CLI says of this key what it should. */
async function expectRetirable({ rig }: Scene, id: string, expected: boolean): Promise<void> {
  const { code, complaint } = await runCli(['keys', 'retire', id], rig.env);
  if ((code === 0) === expected) return;
  throw new Error(`"keys retire ${id}" ends with ${code} ${expected ? 'after' : 'before'} the rotation: ${complaint}`);
}

/** Throws unless workers and API do not start with this key. */
async function expectRefusal({ rig }: Scene, keys: string): Promise<void> {
  const started = await Promise.allSettled([rig.tryWorker({ LOCAL_KEYS: keys }), rig.tryApi({ LOCAL_KEYS: keys })]);
  for (const [index, start] of started.entries()) {
    const app = index === 0 ? 'worker' : 'API';
    if (start.status === 'fulfilled') throw new Error(`The ${app} starts with a key that opens nothing.`);
    const why = String(start.reason);
    if (!why.includes('The keys do not fit the database.')) throw new Error(`The ${app} does not start, but: ${why}`);
  }
}

/** The order of docs/security.md; says how many data keys were wrapped anew. */
async function changeKey(scene: Scene): Promise<number> {
  const old = scene.rig.env.LOCAL_KEYS!;
  const key = newKey(`chaos-${scene.random.between(1, 1_000_000)}`);
  await restartAll(scene, `${old},${key}`);
  await restartAll(scene, `${key},${old}`);
  await expectRetirable(scene, idOf(old), false);
  const rewrapped = await rewrapAll(scene);
  await expectRetirable(scene, idOf(old), true);
  await restartAll(scene, key);
  await expectRefusal(scene, newKey(idOf(key)));
  await expectRefusal(scene, old);
  return rewrapped;
}

/** R14: F14. */
export const changedKeys: Fault = ofRotations({
  id: 'R14',
  title: 'rotation: another key-encryption key by the CLI; then without the old one; a wrong one at boot is refused',
  full: 200,
  perSecond: 2,
  begin: (scene): Promise<Disturbance> => {
    let rewrapped = 0;
    const changing = inBackground(async () => {
      rewrapped = await changeKey(scene);
    });
    return Promise.resolve({ end: () => changing.end().then(() => rewrapped) });
  },
});
