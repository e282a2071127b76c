import { setTimeout as pause } from 'node:timers/promises';
import type { Disturbance, Scene } from '../fault.js';
import { inBackground } from '../in-background.js';
import { patiently } from '../patiently.js';

const LOOK_EVERY_MS = 50;

/** Puts another worker wherever one has ended by itself; says how many that were. */
export function respawnWorkers({ rig }: Scene): Disturbance {
  let respawned = 0;
  const fill = async (place: number) => {
    if (!rig.workers.isGone(place)) return;
    // One may end again before it has said that it is up.
    await patiently(() => rig.workers.start(place));
    respawned += 1;
  };
  const fillAll = () => Promise.all(Array.from({ length: rig.workers.count }, (_, place) => fill(place)));
  const loop = inBackground(async (stop) => {
    for (; !stop.aborted; await pause(LOOK_EVERY_MS)) await fillAll();
    await fillAll();
  });
  return { end: () => loop.end().then(() => respawned) };
}
