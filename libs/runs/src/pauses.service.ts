import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditTrail, SYSTEM_CHAIN } from '@app/audit';
import { Database, DomainError, type Pause, type RunState, type Transaction } from '@app/platform';
import { v7 as uuidv7 } from 'uuid';
import { IS_DUE } from './is-due.js';
import { IS_PAUSED } from './is-paused.js';
import type { PlanName } from './plan-names.js';
import { WOKEN_NOW } from './run-columns.js';
import { OPEN_STATES } from './run-states.js';
import { TENANT_OF_RUN } from './tenant-of-run.js';
import { RunWaker, type Wakeable } from './run-waker.js';

/** A pause to be set: of a plan or of a tenant, never of both. */
export type NewPause = ({ plan: PlanName; tenantHost?: undefined } | { plan?: undefined; tenantHost: string }) & {
  reason: string;
  actor: string;
  requestId: string;
};

/** Runs that are woken as soon as a pause is lifted; the sweep wakes the rest. */
const WOKEN_AT_ONCE = 500;

/** Pauses of plans and tenants: what they hold is not claimed, and is handed back at its next step boundary. */
@Injectable()
export class PausesService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly waker: RunWaker,
  ) {}

  /** Sets a pause; the one that is there already stays as it is, and is given back with `isNew` false. */
  async set(request: NewPause): Promise<{ pause: Pause; isNew: boolean }> {
    const { plan = null, tenantHost = null, reason, actor, requestId } = request;
    const created = await this.database.transaction(async (tx) => {
      const data = { id: uuidv7(), plan, tenantHost, reason, actor };
      const [pause] = await tx.pause.createManyAndReturn({ data, skipDuplicates: true });
      if (pause === undefined) return undefined;
      await this.#audit(tx, 'pause.set', pause, actor, requestId);
      return pause;
    });
    if (created !== undefined) return { pause: created, isNew: true };
    const existing = await this.database.client.pause.findFirst({ where: { plan, tenantHost } });
    // Lifted since.
    return existing === null ? this.set(request) : { pause: existing, isNew: false };
  }

  /** Lifts a pause and wakes what it held and no other pause holds. Throws PAUSE_NOT_FOUND. */
  async lift(pauseId: string, { actor, requestId }: { actor: string; requestId: string }): Promise<void> {
    const runs = await this.database.transaction(async (tx) => {
      const [pause] = await tx.$queryRaw<Pause[]>`
        DELETE FROM pauses WHERE id = ${pauseId}::uuid
        RETURNING id, plan, tenant_host AS "tenantHost", reason, actor, created_at AS "createdAt"`;
      if (pause === undefined) throw pauseNotFound(pauseId);
      const due = await this.#wakeDue(tx, pause);
      await this.#audit(tx, 'pause.lifted', pause, actor, requestId);
      return due;
    });
    // Another wake-up than the one that may just be finding the run held.
    const again = Date.now();
    void this.waker.wakeAll(runs.map((run) => ({ ...run, again })));
  }

  /** One page of the pauses in force, newest first; `nextCursor` is undefined on the last. */
  async list({ cursor, limit }: { cursor?: string; limit: number }): Promise<{ pauses: Pause[]; nextCursor?: string }> {
    const rows = await this.database.client.pause.findMany({
      ...(cursor === undefined ? {} : { where: { id: { lt: cursor } } }),
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    const pauses = rows.slice(0, limit);
    const last = pauses.at(-1);
    return rows.length > limit && last !== undefined ? { pauses, nextCursor: last.id } : { pauses };
  }

  /** The runs, each with the pause that holds it, or will at its next step boundary: the oldest if several do, null if none does. */
  async addPauses<R extends { id: string; state: RunState }>(
    runs: readonly R[],
  ): Promise<(R & { pausedBy: Pause | null })[]> {
    const open = runs.filter(({ state }) => OPEN_STATES.includes(state)).map(({ id }) => id);
    const rows =
      open.length === 0
        ? []
        : await this.database.sql.$queryRaw<(Pause & { runId: string })[]>`
            SELECT DISTINCT ON (runs.id) runs.id AS "runId", pauses.id, pauses.plan, pauses.tenant_host AS "tenantHost",
              pauses.reason, pauses.actor, pauses.created_at AS "createdAt"
            FROM runs JOIN pauses ON pauses.plan = runs.plan OR pauses.tenant_host = ${TENANT_OF_RUN}
            WHERE runs.id = ANY(${open}::uuid[]) ORDER BY runs.id, pauses.id`;
    const pauses = new Map(rows.map(({ runId, ...pause }) => [runId, pause]));
    return runs.map((run) => ({ ...run, pausedBy: pauses.get(run.id) ?? null }));
  }

  /** Skips what somebody is at, which sees by itself that the pause is gone. */
  #wakeDue(tx: Transaction, { plan, tenantHost }: Pause): Promise<Wakeable[]> {
    return tx.$queryRaw<Wakeable[]>`
      UPDATE runs SET ${WOKEN_NOW} WHERE id IN (
        SELECT runs.id FROM runs
        WHERE ${IS_DUE}
          AND (runs.plan = ${plan} OR ${TENANT_OF_RUN} = ${tenantHost})
          AND NOT ${IS_PAUSED}
        ORDER BY woken_at LIMIT ${WOKEN_AT_ONCE} FOR UPDATE OF runs SKIP LOCKED)
      RETURNING id, fence, request_id AS "requestId", traceparent`;
  }

  /** An audit event holds no host: the tenant is named by a hash, since it may be no customer's, and by the id of its customer if it is one's. */
  async #audit(
    tx: Transaction,
    action: 'pause.set' | 'pause.lifted',
    { id, plan, tenantHost, reason }: Pause,
    actor: string,
    requestId: string,
  ): Promise<void> {
    const customer =
      tenantHost === null
        ? null
        : await tx.customer.findFirst({ where: { tenantHost, state: { not: 'offboarded' } }, select: { id: true } });
    await this.audit.append(tx, {
      chain: SYSTEM_CHAIN,
      action,
      actor,
      subject: { pauseId: id, ...(customer === null ? {} : { customerId: customer.id }) },
      data: { plan, tenantHostSha256: tenantHost === null ? null : sha256(tenantHost), reason },
      requestId,
    });
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const pauseNotFound = (pauseId: string): DomainError =>
  new DomainError(
    'not-found',
    'PAUSE_NOT_FOUND',
    `There is no pause "${pauseId}"; somebody may have lifted it already. List the pauses to see those in force.`,
  );
