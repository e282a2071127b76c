import type { AuditTrail } from '@app/audit';
import { undisturbedRotation } from '../rotation-story.js';

/** Of what is done once in a rotation but is not ours. */
const BESIDE = ['secret.unrecognised'];

/** Reads the customer's chain: how many rotations it tells whole, and which it tells otherwise. */
export async function tellStory(
  trail: AuditTrail,
  customerId: string,
): Promise<{ rotations: number; wrong: string[] }> {
  const runs = new Map<string, string[]>();
  for (let cursor: string | undefined; ;) {
    const page = await trail.list({ customerId, limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    for (const { action, subject } of page.events) {
      const runId = (subject as { runId?: string }).runId;
      if (runId !== undefined) runs.set(runId, [action, ...(runs.get(runId) ?? [])]);
    }
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  const rotations = [...runs.values()].filter((actions) => actions[0] === 'rotation.requested');
  const ended = rotations.filter((actions) => actions.at(-1)?.startsWith('run.'));
  const wrong = ended
    .map((actions) => actions.filter((action) => !BESIDE.includes(action)).join(' '))
    .filter((story) => story !== undisturbedRotation.join(' '));
  return { rotations: ended.length, wrong };
}
