import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

// Imported by the edit `key-service`: the file CHAOS_KEY_SERVICE, while it is there, says how often each process's requests fail, and by which chance.
const path = process.env.CHAOS_KEY_SERVICE ?? '';
const ROUND_TRIP_MS = 5;
let asked = 0;

/** A request to the key service. Rejects with what a cloud's SDK throws when the service answers 503. */
export async function ask(): Promise<void> {
  await pause(ROUND_TRIP_MS);
  if (!existsSync(path)) return;
  const { seed, share } = JSON.parse(readFileSync(path, 'utf8')) as { seed: number; share: number };
  asked += 1;
  if (chance(seed + asked) >= share) return;
  appendFileSync(`${path}.failures`, '.');
  throw Object.assign(new Error('The request was rejected because of an internal failure.'), {
    name: 'KMSInternalException',
    $fault: 'server',
    $metadata: { httpStatusCode: 503, attempts: 3 },
  });
}

/** From 0 up to 1, the same for the same number (the last steps of MurmurHash3). */
function chance(number: number): number {
  let bits = number | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 4_294_967_296;
}
