import type { Fault, Scene } from '../fault.js';
import type { StateAtQlik } from '../rig/sandbox-control.js';
import { inParallel } from '../rig/signup-backend.js';
import type { Rotations } from '../rotations.js';
import { countMissing, rotationStory } from '../../rotation-story.js';
import type { Counts } from './counts.js';

/** Secrets that a client can have. */
const MOST = 5;

interface RotationRow {
  id: string;
  customerId: string;
  state: string;
  error: { code?: string } | null;
  input: { mode?: string };
  /** Of the step `mint`. */
  attempts: number;
}

interface ToldEvent {
  action: string;
  data: { because?: string; count?: number };
}

/** Adds what a batch of rotations came to beside what every customer is judged by. */
export async function judgeRotations(
  fault: Fault,
  scene: Scene,
  { consumer }: Rotations,
  atQlik: StateAtQlik,
  counts: Counts,
): Promise<void> {
  const { prefix, foreign, signups } = scene;
  for (const broken of consumer.broken.slice(0, 10)) process.stderr.write(`${prefix} ${broken}\n`);
  process.stderr.write(`${prefix} ${consumer.probed} tokens were asked for by consumers\n`);
  if (consumer.probed < signups.length) throw new Error('The consumers asked for too few tokens to show anything.');
  counts.brokenConsumers += consumer.broken.length;
  counts.sixthSecrets += atQlik.refusedSixthSecrets + Math.max(0, atQlik.secretsAtMost - MOST);
  counts.livingRetired += await countLivingRetired(scene);
  const rows = await rotationsOf(scene);
  const told = await eventsOf(scene, rows);
  const begun = new Set(rows.map(({ customerId }) => customerId));
  counts.unsettled += signups.filter(({ customerId }) => !begun.has(customerId)).length;
  let lost = 0;
  for (const row of rows) {
    const events = told.get(row.id) ?? [];
    if (row.state === 'succeeded')
      counts.missingEvents += countMissing(
        rotationStory,
        events.map(({ action }) => action),
      );
    else if (row.error?.code !== 'SUPERSEDED') counts.unsettled += 1;
    const unstored = events
      .filter(({ action, data }) => action === 'secret.revoked' && data.because === 'never stored')
      .reduce((sum, { data }) => sum + (data.count ?? 0), 0);
    lost += unstored;
    // Each that was lost was lost by a try of its own.
    counts.extraPosts += Math.max(0, unstored - (row.attempts - 1));
  }
  const minting = rows.filter(({ input }) => input.mode !== 'rollback').length;
  const beyond = signups.reduce((sum, { name }) => sum + (fault.mintsBeyond?.(name) ?? 0), 0);
  const withClients = Object.values(atQlik.clientsCreatedAt).reduce((sum, count) => sum + count, 0);
  const expected = withClients + foreign.secretsAdded + minting + lost + beyond;
  process.stderr.write(`${prefix} ${rows.length} rotations, ${minting} of them mint; ${lost} secrets were lost\n`);
  counts.extraPosts += Math.abs(atQlik.secretsCreated - expected);
}

/** Of the secrets that the consumers had, and that are no longer the customer's. */
async function countLivingRetired({ rig, backend, signups, rotations }: Scene): Promise<number> {
  const alive = await inParallel(signups, 8, async ({ customerId, tenantHost }) => {
    const current = await backend.credentials(customerId);
    if (current === undefined) return 0;
    const former = new Set(rotations!.consumer.secretsOf(customerId));
    former.delete(current.clientSecret);
    let count = 0;
    for (const secret of former) if (await rig.sandbox.authenticates(tenantHost, current.clientId, secret)) count += 1;
    return count;
  });
  return alive.reduce((sum, count) => sum + count, 0);
}

async function rotationsOf({ rig, signups }: Scene): Promise<RotationRow[]> {
  const rows = await rig.database.client.run.findMany({
    where: { customerId: { in: signups.map(({ customerId }) => customerId) }, plan: 'rotation' },
    select: {
      ...{ id: true, customerId: true, state: true, error: true, input: true },
      steps: { where: { name: 'mint' }, select: { _count: { select: { attemptRows: true } } } },
    },
  });
  return rows.map(({ steps, ...row }) => ({
    ...(row as unknown as Omit<RotationRow, 'attempts'>),
    attempts: steps[0]?._count.attemptRows ?? 0,
  }));
}

/** What the audit tells of each run, in order. */
async function eventsOf(
  { rig, signups }: Scene,
  rows: readonly RotationRow[],
): Promise<ReadonlyMap<string, readonly ToldEvent[]>> {
  const events = await rig.database.client.auditEvent.findMany({
    where: { chain: { in: signups.map(({ customerId }) => customerId) } },
    select: { action: true, data: true, subject: true },
    orderBy: [{ chain: 'asc' }, { sequence: 'asc' }],
  });
  const told = new Map<string, ToldEvent[]>(rows.map(({ id }) => [id, []]));
  for (const { action, data, subject } of events)
    told.get((subject as { runId?: string }).runId ?? '')?.push({ action, data: data as ToldEvent['data'] });
  return told;
}
