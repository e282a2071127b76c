import { AuditVerification, SYSTEM_CHAIN } from '@app/audit';
import { inStory, onboardingStory } from '../../onboarding-story.js';
import type { Fault, Scene } from '../fault.js';
import type { Rig } from '../rig/rig.js';
import { inParallel, type Signup } from '../rig/signup-backend.js';
import type { ClientAtQlik } from '../rig/sandbox-control.js';
import { type Counts, noCounts } from './counts.js';
import { judgeRotations } from './judge-rotations.js';
import { runsOf } from './runs-of.js';

/** What was noticed while a batch was under way. */
export interface Seen extends Pick<Counts, 'injected' | 'retried'> {
  /** Runs and workers that ended as they should not have; each counts as unsettled. */
  surprises: readonly string[];
}

const verifies = async (rig: Rig, chain: string): Promise<boolean> =>
  (await new AuditVerification(rig.database).verify(chain)).intact;

/** Counts what a batch came to, by looking at Qlik, at the rows, at the audit, and by using every stored secret. */
export async function judge(fault: Fault, scene: Scene, seen: Seen): Promise<Counts> {
  const { rig, signups, prefix, foreign } = scene;
  const { injected, retried, surprises } = seen;
  for (const surprise of surprises) process.stderr.write(`${prefix} ${surprise}\n`);
  const counts = { ...noCounts(), injected, retried, accepted: signups.length };
  const atQlik = await rig.sandbox.state(prefix);
  const foreignClients = foreign.clientIds;
  const ours = new Map<string, ClientAtQlik[]>();
  for (const client of atQlik.clients) {
    if (foreignClients.has(client.clientId)) continue;
    ours.set(client.tenantHost, [...(ours.get(client.tenantHost) ?? []), client]);
  }
  const { stopped, open } = await runsOf(scene);
  const ready = signups.filter(({ name }) => !fault.neverReady?.(name));
  const told = await storiesOf(scene);

  counts.unsettled = surprises.length + open + ready.filter(({ customerId }) => stopped.has(customerId)).length;
  counts.unsettled += signups.filter(
    (one) => fault.neverReady?.(one.name) && !endedAsItShould(fault, one, stopped),
  ).length;
  if (counts.unsettled > 0) await show(scene);
  counts.foreignDeleted = foreign.countMissing(atQlik);
  counts.extraPosts = ready.reduce((sum, { name, tenantHost }) => {
    const expected = 1 + foreign.countClients(tenantHost) + (fault.postsBeyond?.(name) ?? 0);
    return sum + Math.abs((atQlik.clientsCreatedAt[tenantHost] ?? 0) - expected);
  }, 0);
  if (!(await verifies(rig, SYSTEM_CHAIN))) counts.auditBreaks += 1;
  await inParallel(signups, 8, async (signup) => {
    const clients = ours.get(signup.tenantHost) ?? [];
    if (!(await verifies(rig, signup.customerId))) counts.auditBreaks += 1;
    if (fault.neverReady?.(signup.name)) {
      counts.duplicateClients += clients.length;
      return;
    }
    counts.duplicateClients += Math.max(0, clients.length - 1);
    if (stopped.has(signup.customerId)) return;
    counts.missingEvents += onboardingStory.filter((action) => !told.get(signup.customerId)?.has(action)).length;
    await judgeCredential(scene, signup, clients, counts);
  });
  if (scene.rotations !== undefined) await judgeRotations(fault, scene, scene.rotations, atQlik, counts);
  return counts;
}

/** Prints the runs that did not end well: what a red count is looked into with. */
async function show({ rig, signups }: Scene): Promise<void> {
  const runs = await rig.database.client.run.findMany({
    where: { customerId: { in: signups.map(({ customerId }) => customerId) }, state: { not: 'succeeded' } },
    orderBy: { state: 'asc' },
    take: 5,
    include: { steps: { include: { attemptRows: { orderBy: { number: 'desc' }, take: 3 } } } },
  });
  process.stderr.write(`${JSON.stringify({ now: new Date(), runs }, null, 1)}\n`);
}

const endedAsItShould = (fault: Fault, { customerId }: Signup, stopped: ReadonlyMap<string, { error: any }>): boolean =>
  fault.mayStopWith?.includes(stopped.get(customerId)?.error?.code ?? '') ?? false;

/** The stored secret is the one that works, and beside it there is none of ours. */
async function judgeCredential(
  { rig, backend, foreign }: Scene,
  { customerId, tenantHost }: Signup,
  clients: readonly ClientAtQlik[],
  counts: Counts,
): Promise<void> {
  const stored = await backend.credentials(customerId);
  const own = clients.find(({ clientId }) => clientId === stored?.clientId);
  const works =
    stored !== undefined &&
    own?.consentMethod === 'trusted' &&
    (await rig.sandbox.authenticates(tenantHost, stored.clientId, stored.clientSecret));
  if (!works) counts.deadStoredSecrets += 1;
  const hints = own?.hints.filter((hint) => !foreign.secrets.has(`${own.clientId}/${hint}`)) ?? [];
  counts.orphanSecrets += Math.max(0, hints.length - 1);
}

/** The actions that the audit tells of each customer. */
async function storiesOf({ rig, signups }: Scene): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const events = await rig.database.client.auditEvent.findMany({
    where: { chain: { in: signups.map(({ customerId }) => customerId) } },
    select: { chain: true, action: true },
  });
  const stories = new Map<string, Set<string>>();
  for (const { chain, action } of events) {
    const actions = stories.get(chain) ?? new Set();
    stories.set(chain, actions.add(inStory(action)));
  }
  return stories;
}
