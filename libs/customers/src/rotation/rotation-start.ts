import { Injectable } from '@nestjs/common';
import { AuditTrail } from '@app/audit';
import { DomainError, type Run, type Sql } from '@app/platform';
import { hasStopped, RunsService, RunSuccession, type Takeover } from '@app/runs';
import { v7 as uuidv7 } from 'uuid';
import { RotationInput } from './rotation-input.js';
import { RotationDefaults } from './rotation-policy.config.js';
import { policyOrDefaults } from './rotation-policy.js';
import { hasPromoted, isInGrace } from './rotation-steps.js';

/** Time for everything in a rotation but its grace and its deadline, in ms: two days, which outlasts an outage that a person is mending. */
const WORK_MS = 2 * 86_400_000;

/** Whose rotation begins, who wants it and why. */
export interface RotationRequest extends Takeover {
  customerId: string;
  /** The customer's, as stored. */
  rotation: unknown;
  traceparent: string | null;
}

/** Begins rotations: at most one of a customer is before its promotion, and what an earlier one left undone is gone on with or taken over. All in the caller's transaction; waking is the caller's. */
@Injectable()
export class RotationStart {
  constructor(
    private readonly runs: RunsService,
    private readonly succession: RunSuccession,
    private readonly audit: AuditTrail,
    private readonly defaults: RotationDefaults,
  ) {}

  /** A rotation with grace: one that stopped before its promotion goes on instead, one that stopped after it is taken over. Throws ROTATION_ACTIVE while one is under way, or CUSTOMER_BUSY. */
  async beginGraceful(tx: Sql, unfinished: readonly Run[], request: RotationRequest): Promise<Run> {
    const active = unfinished.find((run) => !hasStopped(run));
    if (active !== undefined) throw rotationActive(active);
    const early = unfinished.find((run) => isEarly(run) && !isRollback(run));
    await this.#unschedule(tx, request.customerId);
    if (early === undefined) return this.#begin(tx, unfinished, request, { mode: 'graceful' });
    // One that failed to take back what it made does that first, and then what is asked for.
    if (early.cancelRequested) await this.succession.redirect(tx, early, { mode: 'graceful' }, request.reason);
    return this.goOn(tx, early, request.rotation, request);
  }

  /** The same for a date that has come; one that failed to get rid of the old secret tries that again first, until it is an interval old itself. */
  async beginDue(tx: Sql, unfinished: readonly Run[], request: RotationRequest): Promise<Run> {
    const [failed, ...others] = unfinished;
    const isLate = failed?.state === 'failed' && hasPromoted(failed.step) && !isInGrace(failed.step);
    if (!isLate || others.length > 0 || this.#isOld(failed, request.rotation))
      return this.beginGraceful(tx, unfinished, request);
    await this.#unschedule(tx, request.customerId);
    return this.goOn(tx, failed, request.rotation, request);
  }

  #isOld(run: Run, rotation: unknown): boolean {
    return Date.now() - run.createdAt.getTime() > policyOrDefaults(rotation, this.defaults).intervalMs;
  }

  /** A rotation that leaves no other secret of ours alive: one before its promotion is turned into it, once all of it is undone if it is being cancelled; any later one is taken over. */
  async beginEmergency(tx: Sql, unfinished: readonly Run[], request: RotationRequest): Promise<Run> {
    await this.#unschedule(tx, request.customerId);
    const early = unfinished.find((run) => isEarly(run) && !isRollback(run));
    if (early !== undefined) return this.#escalate(tx, early, request);
    return this.#begin(tx, unfinished, request, { mode: 'emergency' });
  }

  /** Goes back to the secret of the version `restores`, of whose successor's rotation `inGrace` is the run. */
  async beginRollback(tx: Sql, inGrace: Run, restores: string, request: RotationRequest): Promise<Run> {
    await this.#unschedule(tx, request.customerId);
    return this.#begin(tx, [inGrace], request, { mode: 'rollback', restores });
  }

  /** Has a rotation that stopped, or that only waits, go on at its step, with all the time that a rotation has. */
  goOn(tx: Sql, run: Run, rotation: unknown, takeover: Takeover): Promise<Run> {
    const wallClockMs = this.timeOf(rotation);
    return hasStopped(run)
      ? this.succession.requeue(tx, run, takeover, wallClockMs)
      : this.succession.lookAgain(tx, run.id, wallClockMs);
  }

  /** Gives a rotation that a person retries all the time that a rotation has. */
  async giveTime(tx: Sql, run: Run): Promise<void> {
    const [customer] = await tx.$queryRaw<{ rotation: unknown }[]>`
      SELECT rotation FROM customers WHERE id = ${run.customerId}::uuid`;
    await this.succession.giveTime(tx, run.id, this.timeOf(customer?.rotation ?? null));
  }

  /** The time that a rotation has by the customer's stored `rotation`, in ms. A read at the last moment begins a second grace. */
  timeOf(rotation: unknown): number {
    const { graceMs, deadlineMs } = policyOrDefaults(rotation, this.defaults);
    return 2 * graceMs + deadlineMs + WORK_MS;
  }

  async #begin(tx: Sql, replaced: readonly Run[], request: RotationRequest, input: RotationInput): Promise<Run> {
    const id = uuidv7();
    for (const old of replaced) await this.succession.supersede(tx, old, id, request);
    const { customerId, actor, requestId, traceparent, reason } = request;
    const run = await this.runs.create(tx, {
      ...{ id, customerId, input, actor, requestId, traceparent, reason },
      plan: 'rotation',
      wallClockMs: this.timeOf(request.rotation),
      ...(input.mode === 'emergency' ? { waitsForSlot: true } : {}),
    });
    await this.#note(tx, 'rotation.requested', run, request, input.mode);
    return run;
  }

  async #escalate(tx: Sql, run: Run, request: RotationRequest): Promise<Run> {
    await this.succession.redirect(tx, run, { mode: 'emergency' }, request.reason);
    await this.#note(tx, 'rotation.escalated', run, request, 'emergency');
    if (hasStopped(run) || run.state === 'waiting') return this.goOn(tx, run, request.rotation, request);
    // An attempt that would stop the run by what it was told before ends nothing, and is made again.
    await this.succession.giveTime(tx, run.id, this.timeOf(request.rotation));
    return run;
  }

  async #unschedule(tx: Sql, customerId: string): Promise<void> {
    await tx.$executeRaw`UPDATE customers SET next_rotation_at = NULL WHERE id = ${customerId}::uuid`;
  }

  async #note(
    tx: Sql,
    action: 'rotation.requested' | 'rotation.escalated',
    run: Run,
    { customerId, actor, requestId, reason }: RotationRequest,
    mode: RotationInput['mode'],
  ): Promise<void> {
    const subject = { customerId, runId: run.id };
    await this.audit.append(tx, { chain: customerId, action, actor, subject, data: { mode, reason }, requestId });
  }
}

/** Whether the run may yet make another secret the current one. */
const isEarly = (run: Run): boolean => !hasPromoted(run.step);

const isRollback = (run: Run): boolean => RotationInput.parse(run.input).mode === 'rollback';

/** Says which rotation is under way. */
export const rotationActive = (run: Run): DomainError =>
  new DomainError(
    'conflict',
    'ROTATION_ACTIVE',
    `The rotation "${run.id}" of this customer is "${run.state}" at its step "${run.step ?? 'mint'}". Wait until it has ended, or ask for an emergency rotation.`,
    { facts: { runId: run.id } },
  );
