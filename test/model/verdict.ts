import type { RunEvent } from '@app/runs';
import type { RunRow } from './simulated-database.js';
import type { Tenant } from './simulated-qlik.js';
import { Violation } from './violation.js';
import type { World } from './world.js';

/** What must hold at every moment. */
export function judgeMoment(world: World): void {
  const believing = new Set<string>();
  for (const worker of world.workers) {
    for (const execution of worker.executions) {
      if (execution.failure !== undefined) throw new Violation('A worker failed.', { cause: execution.failure });
      if (!execution.believes) continue;
      if (believing.has(execution.runId)) throw new Violation(`Two workers believe that they hold ${execution.runId}.`);
      believing.add(execution.runId);
    }
  }
  for (const { foreignDeleted } of world.qlik.tenants.values()) {
    if (foreignDeleted > 0) throw new Violation('Something that is not ours was deleted.');
  }
}

/** What must hold when everything has come to its end. */
export function judgeEnd(world: World): void {
  judgeMoment(world);
  for (const run of world.database.tables.runs) {
    const tenant = world.qlik.tenant(run.tenantHost);
    judgePosts(world, run, tenant);
    if (run.state === 'succeeded') judgeSuccess(world, run, tenant);
    else if (run.state === 'cancelled') judgeCancelled(world, run, tenant);
    else throw new Violation(`${run.id} ended as "${run.state}".`);
    if (!world.isRestored) judgeAudit(world, run, tenant);
  }
}

/** End states alone are too weak: a settling repairs what should never have happened. */
function judgePosts(world: World, run: RunRow, { accepted, deletedByAdmin }: Tenant): void {
  const allowed = 1 + world.slips + (world.cancels.get(run.id) ?? 0) + deletedByAdmin.clientIds.size;
  if (accepted > allowed)
    throw new Violation(`Qlik accepted ${accepted} POSTs for ${run.id}; ${allowed} have a reason.`);
}

function judgeSuccess(world: World, run: RunRow, tenant: Tenant): void {
  const recorded = world.database.tables.clients.filter(({ runId, state }) => runId === run.id && state === 'active');
  const [row] = recorded;
  if (row === undefined || recorded.length > 1) throw new Violation(`${run.id} records ${recorded.length} clients.`);
  if (run.customerState !== 'ready') throw new Violation(`The customer of ${run.id} is "${run.customerState}".`);
  const clients = oursAt(tenant);
  if (clients.length > 1 + world.slips) throw new Violation(`There are ${clients.length} clients of ${run.id}.`);
  if (tenant.deletedByAdmin.clientIds.has(row.clientId)) return;
  const client = clients.find(({ clientId }) => clientId === row.clientId);
  if (client === undefined) throw new Violation(`The recorded client of ${run.id} is not at Qlik.`);
  const { sealed } = row.secret;
  const works = client.secrets.some(({ value }) => value === sealed);
  if (!works && !tenant.deletedByAdmin.secrets.has(sealed ?? ''))
    throw new Violation(`The stored secret of ${run.id} does not work.`);
  const orphans = client.secrets.filter(
    ({ value, hint, createdBy }) =>
      value !== sealed && createdBy === 'our-user' && client.secrets.filter((one) => one.hint === hint).length === 1,
  );
  if (orphans.length > 0 && world.slips === 0 && showsWhoWeAre(world, client, row.secret.hint))
    throw new Violation(`${run.id} leaves a secret of ours that nobody has.`);
}

/** Whether Qlik tells who made the recorded secret: where it does not, what may be somebody else's stays. A list does not if somebody else's secret has its hint too. */
function showsWhoWeAre({ qlik }: World, { secrets }: Tenant['clients'][number], hint: string | null): boolean {
  if (qlik.makersShown !== 'in lists') return qlik.makersShown === 'everywhere';
  const makers = secrets.filter((secret) => secret.hint === hint).map(({ createdBy }) => createdBy);
  return new Set(makers).size === 1;
}

function judgeCancelled(world: World, run: RunRow, tenant: Tenant): void {
  if (world.database.tables.clients.some(({ runId, state }) => runId === run.id && state === 'active'))
    throw new Violation(`${run.id} was cancelled and still records a client.`);
  const left = oursAt(tenant).length;
  // What a restored database forgot is looked for when the run is begun anew.
  if (left > world.slips && !world.isRestored)
    throw new Violation(`${run.id} was cancelled and leaves ${left} clients.`);
}

function judgeAudit(world: World, run: RunRow, { deletedByUs }: Tenant): void {
  const events = world.database.tables.events.filter(({ runId }) => runId === run.id).map(({ event }) => event);
  for (const clientId of deletedByUs.clientIds) {
    if (!events.some(({ action, subject }) => action === 'oauth_client.deleted' && subject?.clientId === clientId))
      throw new Violation(`The audit does not tell that ${clientId} was deleted.`);
  }
  if (run.state !== 'succeeded') return;
  const { clientId } = world.database.tables.clients.find(
    ({ runId, state }) => runId === run.id && state === 'active',
  )!;
  const deleted = deletedByUs.secrets.filter((secret) => secret.clientId === clientId).length;
  const told = events.filter(({ action, subject }) => action === 'secret.revoked' && subject?.clientId === clientId);
  const count = told.reduce((sum, event) => sum + countOf(event), 0);
  if (count < deleted)
    throw new Violation(`The audit tells of ${count} deleted secrets of ${clientId}, not ${deleted}.`);
}

const countOf = ({ data }: RunEvent): number => (typeof data?.count === 'number' ? data.count : 0);

const oursAt = ({ clients }: Tenant) => clients.filter(({ isForeign, deletedAt }) => !isForeign && deletedAt === null);
