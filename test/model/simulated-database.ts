import type { CustomerState, RunState } from '@app/platform';
import { type CommittedIntent, type Intent, LeaseLost, type RunEvent } from '@app/runs';
import { assertCustomerTransition } from '../../libs/customers/src/customer-states.js';
import type { NewClientWithSecret } from '../../libs/provisioning/src/oauth-clients.repository.js';
import type { AttemptEnd } from '../../libs/runs/src/attempt-end.js';
import { assertRunTransition, CANCELLABLE_STATES, RETRYABLE_STATES } from '../../libs/runs/src/run-states.js';
import { LEASE_MS } from './times.js';
import { Violation } from './violation.js';
import type { World } from './world.js';

/** The name of the plan's first step. */
const FIRST_STEP = 'check-tenant-access';

const DAY_MS = 86_400_000;

/** A run's row, with its customer's and what the step rows hold. Times are by the database's clock. */
export interface RunRow {
  id: string;
  customerId: string;
  tenantHost: string;
  state: RunState;
  step: string;
  fence: number;
  leaseUntil: number | null;
  attempts: number;
  nextRunAt: number | null;
  intent: CommittedIntent | null;
  errorCode: string | null;
  cancelRequested: boolean;
  deadlineAt: number;
  outputs: Record<string, unknown>;
  customerState: CustomerState;
}

/** A recorded client with its one secret. */
export interface ClientRow {
  id: string;
  customerId: string;
  runId: string;
  clientId: string;
  clientName: string;
  state: 'active' | 'deleted';
  secret: {
    id: string;
    version: number;
    sealed: string | null;
    hint: string | null;
    createdBy: string | null;
    state: 'pending' | 'current' | 'revoked';
  };
}

interface Tables {
  runs: RunRow[];
  clients: ClientRow[];
  events: { runId: string; event: RunEvent }[];
}

/** What a worker holds a run by. */
export interface Hold {
  runId: string;
  fence: number;
}

/** What a transaction is about to write. */
export interface Transaction {
  writes: ((tables: Tables) => void)[];
  /** The one query that a plan's end asks. */
  $queryRaw(sql: unknown, customerId: string): Promise<{ state: CustomerState }[]>;
}

/** The rows, with the rules of the statements in libs/runs, each of which happens at once. */
export class SimulatedDatabase {
  tables: Tables = { runs: [], clients: [], events: [] };
  #backup: Tables | undefined;

  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  accept(name: string): void {
    this.tables.runs.push({
      id: `run-${name}`,
      customerId: `customer-${name}`,
      tenantHost: `${name}.eu.qlikcloud.com`,
      state: 'queued',
      step: FIRST_STEP,
      fence: 0,
      leaseUntil: null,
      attempts: 0,
      nextRunAt: null,
      intent: null,
      errorCode: null,
      cancelRequested: false,
      deadlineAt: this.world.now + DAY_MS,
      outputs: {},
      customerState: 'onboarding',
    });
  }

  run(id: string): RunRow {
    const row = this.tables.runs.find((run) => run.id === id);
    if (row === undefined) throw new Error(`There is no run "${id}".`);
    return row;
  }

  isDue({ state, leaseUntil, nextRunAt }: RunRow): boolean {
    const { now } = this.world;
    const isFree = leaseUntil === null || leaseUntil < now;
    return isFree && (state === 'queued' || state === 'running' || (state === 'waiting' && (nextRunAt ?? 0) <= now));
  }

  /** When the next open run is due; undefined when there is none. */
  nextDueAt(): number | undefined {
    const open = this.tables.runs.filter(
      ({ state }) => state === 'queued' || state === 'running' || state === 'waiting',
    );
    const at = open.map(({ nextRunAt, leaseUntil }) =>
      Math.max(nextRunAt ?? 0, (leaseUntil ?? -1) + 1, this.world.now),
    );
    return at.length === 0 ? undefined : Math.min(...at);
  }

  claim(runId: string): (RunRow & { formerState: RunState; claimedAt: number }) | undefined {
    const row = this.run(runId);
    if (!this.isDue(row)) return undefined;
    const formerState = row.state;
    this.#move(row, 'running');
    row.fence += 1;
    row.leaseUntil = this.world.now + LEASE_MS;
    row.nextRunAt = null;
    return { ...row, outputs: { ...row.outputs }, formerState, claimedAt: this.world.now };
  }

  renew({ runId, fence }: Hold): boolean {
    const row = this.run(runId);
    if (row.fence !== fence || row.state !== 'running') return false;
    row.leaseUntil = this.world.now + LEASE_MS;
    return true;
  }

  handBack({ runId, fence }: Hold): void {
    const row = this.run(runId);
    if (row.fence !== fence || row.state !== 'running') return;
    this.#move(row, 'queued');
    row.leaseUntil = null;
    row.nextRunAt = null;
  }

  setIntent(hold: Hold, intent: Intent | null): CommittedIntent | null {
    const row = this.#held(hold);
    row.intent = this.stamp(intent);
    return row.intent;
  }

  /** As a JSON column gives it back. */
  stamp(intent: Intent | null): CommittedIntent | null {
    if (intent === null) return null;
    return JSON.parse(JSON.stringify({ ...intent, at: new Date(this.world.now) })) as CommittedIntent;
  }

  begin(): Transaction {
    const $queryRaw = (_sql: unknown, customerId: string) =>
      Promise.resolve(
        this.tables.runs.filter((run) => run.customerId === customerId).map((run) => ({ state: run.customerState })),
      );
    return { writes: [], $queryRaw };
  }

  /** Ends an attempt and writes what its step does; undefined when the run was told to stop, which its worker did not know, and would not go on. */
  end(hold: Hold, end: AttemptEnd, tx: Transaction, events: readonly RunEvent[], knowsOfCancel: boolean) {
    const row = this.#held(hold);
    if (row.cancelRequested && !knowsOfCancel && end.run.state !== 'running') return undefined;
    this.#move(row, end.run.state);
    row.step = end.run.step ?? row.step;
    row.attempts = end.run.attempts;
    row.errorCode = end.error?.code ?? null;
    if (end.intent !== undefined) row.intent = this.stamp(end.intent);
    row.nextRunAt = end.waitUntil?.getTime() ?? null;
    if (end.run.state !== 'running') row.leaseUntil = null;
    if (end.step.output !== undefined) row.outputs[end.step.name] = end.step.output;
    for (const write of tx.writes) write(this.tables);
    for (const event of events) this.tables.events.push({ runId: row.id, event });
    return { cancelRequested: row.cancelRequested, intent: row.intent };
  }

  cancel(row: RunRow): boolean {
    if (!CANCELLABLE_STATES.includes(row.state)) return false;
    if (!row.cancelRequested) this.world.cancels.set(row.id, (this.world.cancels.get(row.id) ?? 0) + 1);
    row.cancelRequested = true;
    row.deadlineAt = Math.max(row.deadlineAt, this.world.now + DAY_MS);
    row.nextRunAt = null;
    if (row.state === 'running') return true;
    if (row.state !== 'queued') this.#move(row, 'queued');
    row.fence += 1;
    row.attempts = 0;
    return true;
  }

  retry(row: RunRow): boolean {
    if (!RETRYABLE_STATES.includes(row.state)) return false;
    if (row.state === 'cancelled') Object.assign(row, { step: FIRST_STEP, cancelRequested: false, outputs: {} });
    this.#move(row, 'queued');
    row.fence += 1;
    row.attempts = 0;
    row.nextRunAt = null;
    row.errorCode = null;
    row.deadlineAt = this.world.now + DAY_MS;
    if (row.customerState === 'failed') row.customerState = 'onboarding';
    return true;
  }

  insertClient(client: NewClientWithSecret): (tables: Tables) => void {
    const { id, customerId, runId, clientId, clientName, secret } = client;
    const { hint, createdBy, version } = secret;
    const stored = { id: secret.id, version, sealed: secret.sealed.sealed, hint, createdBy, state: 'pending' as const };
    return ({ clients }) => {
      this.world.qlik.recordClient(client.tenantHost, clientId);
      clients.push({ id, customerId, runId, clientId, clientName, state: 'active', secret: stored });
    };
  }

  changeCustomer(customerId: string, to: CustomerState): (tables: Tables) => void {
    return ({ runs }) => {
      const row = runs.find((run) => run.customerId === customerId);
      if (row === undefined || row.customerState === to) return;
      assertCustomerTransition(row.customerState, to);
      row.customerState = to;
    };
  }

  backUp(): void {
    this.#backup = structuredClone(this.tables);
  }

  get hasBackup(): boolean {
    return this.#backup !== undefined;
  }

  /** Puts the tables back as they were at the backup. */
  restore(): void {
    this.tables = structuredClone(this.#backup ?? this.tables);
  }

  #held({ runId, fence }: Hold): RunRow {
    const row = this.run(runId);
    if (this.world.broken !== 'no fence' && (row.fence !== fence || row.state !== 'running'))
      throw new LeaseLost('taken', runId);
    return row;
  }

  #move(row: RunRow, to: RunState): void {
    if (this.world.broken === 'no fence') {
      row.state = to;
      return;
    }
    try {
      assertRunTransition(row.state, to);
    } catch (error) {
      throw new Violation((error as Error).message);
    }
    row.state = to;
  }
}
