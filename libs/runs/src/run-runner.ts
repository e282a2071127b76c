import { performance } from 'node:perf_hooks';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { AttemptCommitter } from './attempt-committer.js';
import { AttemptsRepository } from './attempts.repository.js';
import type { ClaimedRun } from './claimed-run.js';
import {
  type AttemptState,
  failAttempt,
  INTERNAL_ERROR,
  judge,
  LEASE_TOO_SHORT,
  loseAttempt,
  waitForLease,
} from './failed-attempt.js';
import { HeldRun } from './held-run.js';
import { Isolation } from './isolation.js';
import { Lease } from './lease.js';
import type { AnyPlan } from './plan.js';
import { PlanRegistry } from './plan-registry.js';
import { type Obstacle, RunClaimsRepository } from './run-claims.repository.js';
import type { CallRecord } from './run-error.js';
import { RunSettings } from './run-settings.js';
import { RUN_LOGGER, RunWaker } from './run-waker.js';
import { LeaseLost } from './step-failure.js';
import { completeStep, type Progress, undoStep } from './step-progress.js';

/** What became of a wake-up: nothing was due, the run ended or went back to the queue, or it comes back in `forMs`. */
export type RunResult = { kind: 'idle' } | { kind: 'left' } | { kind: 'wait'; forMs: number };

/** How failures are logged that are more than normal work. */
const LEVELS: Readonly<Record<string, 'error' | 'warn'>> = { [INTERNAL_ERROR]: 'error', [LEASE_TOO_SHORT]: 'warn' };

/** What the runner says to itself of a run that was given back, because it is to be tried with no other beside it. */
type Suspect = { kind: 'suspect'; row: ClaimedRun };

/** Tries of a step after which a run that lost its worker once more may be what ends workers. */
const SUSPECT_AFTER = 2;

/** Runs on unknown steps that are remembered as told. */
const MOST_UNKNOWN = 1_000;

/** Walks a run through its plan: claims it, runs step after step, and lets go when it ends, waits, is paused, or this process stops. */
@Injectable()
export class RunRunner {
  #stopping = false;
  readonly #leases = new Set<Lease>();
  readonly #isolation = new Isolation();
  readonly #unknown = new Set<string>();

  constructor(
    private readonly claims: RunClaimsRepository,
    private readonly attempts: AttemptsRepository,
    private readonly committer: AttemptCommitter,
    private readonly plans: PlanRegistry,
    private readonly settings: RunSettings,
    private readonly waker: RunWaker,
    @Inject(RUN_LOGGER) private readonly logger: Logger,
  ) {}

  /** From now on runs are handed back at their next step boundary, before they would begin what cannot be repeated, or in the middle of a step that takes too long. */
  stop(): void {
    this.#stopping = true;
    const handOver = (): void => this.#leases.forEach((lease) => lease.abandon());
    setTimeout(handOver, this.settings.handOverMs).unref();
  }

  /** Works on the run if it is due; safe to call for any run at any time, however often. One that may end its worker is worked on alone, lest it use up the tries of others. */
  async execute(runId: string): Promise<RunResult> {
    const result = await this.#isolation.beside(() => this.#execute(runId, false));
    if (result.kind !== 'suspect') return result;
    return this.#isolation.alone(async () => {
      const alone = await this.#execute(runId, true);
      // A process that stops meanwhile leaves the run to another.
      if (alone.kind === 'idle' && this.#stopping) this.waker.wake(result.row);
      return alone as RunResult;
    });
  }

  async #execute(runId: string, isAlone: boolean): Promise<RunResult | Suspect> {
    if (this.#stopping) return { kind: 'idle' };
    const askedAt = performance.now();
    const row = await this.claims.claim(runId, this.settings.leaseMs, this.plans);
    if (row === undefined) {
      const obstacle = await this.claims.findObstacle(runId, this.plans);
      if (obstacle?.isKnown === false) this.#tellUnknown(runId, obstacle);
      if (obstacle?.isKnown === true && obstacle.slotIsIdle) {
        await this.claims.freeIdleSlot(runId);
        return { kind: 'wait', forMs: 0 };
      }
      if (typeof obstacle?.waitMs === 'number') return { kind: 'wait', forMs: obstacle.waitMs };
      if (obstacle !== undefined) await this.claims.noteDelivered(runId);
      return { kind: 'idle' };
    }
    const lease = new Lease(row.id, this.settings.leaseMs, askedAt, () =>
      this.claims.renew(row.id, row.fence, this.settings.leaseMs),
    );
    this.#leases.add(lease);
    try {
      return await this.#walk(new HeldRun(row, lease, this.attempts, () => this.#stopping), isAlone);
    } catch (error) {
      if (!(error instanceof LeaseLost)) {
        this.logger.error({ runId, err: error }, 'A run was dropped; it is taken up again once its lease is over.');
        throw error;
      }
      const { reason, cause } = error;
      const isGivenBack = reason === 'stopping' || reason === 'told-anew';
      this.logger[isGivenBack ? 'info' : 'warn'](
        { runId, reason, err: cause },
        'A run was let go in the middle of a step.',
      );
      if (isGivenBack) await this.#handBack(row);
      return { kind: 'left' };
    } finally {
      this.#leases.delete(lease);
      lease.release();
    }
  }

  async #walk(run: HeldRun, isAlone: boolean): Promise<RunResult | Suspect> {
    const plan = this.plans.getPlanOf(run.row);
    let stepName = run.row.step;
    if (run.row.formerState === 'running') {
      const step = this.plans.getStep(plan, stepName);
      const lost = await this.committer.commit(run, plan, loseAttempt(this.#attemptState(run, run.now(), []), step));
      if (lost.end.run.state !== 'running') return { kind: 'left' };
    }
    if (!isAlone && isSuspect(run)) {
      await this.claims.handBack(run.row.id, run.row.fence);
      return { kind: 'suspect', row: run.row };
    }
    for (;;) {
      run.lease.signal.throwIfAborted();
      if (this.#stopping || run.isPaused) {
        await this.#handBack(run.row);
        return { kind: 'left' };
      }
      const { end } = await this.committer.commit(run, plan, await this.#attempt(run, plan, stepName));
      if (end.run.state === 'waiting' && end.waitUntil !== undefined) {
        return { kind: 'wait', forMs: Math.max(0, end.waitUntil.getTime() - run.now().getTime()) };
      }
      if (end.run.state === 'queued') this.waker.wake(run.row);
      if (end.run.state !== 'running' || end.run.step === null) return { kind: 'left' };
      stepName = end.run.step;
    }
  }

  /** One attempt of one step: forwards or, once the run was told to stop, backwards. */
  async #attempt(run: HeldRun, plan: AnyPlan, stepName: string): Promise<Progress> {
    const step = this.plans.getStep(plan, stepName);
    const calls: CallRecord[] = [];
    const startedAt = run.now();
    try {
      const move = run.cancelRequested ? undoStep : completeStep;
      return await move(plan, step, run.contextFor(calls), calls);
    } catch (error) {
      if (error instanceof LeaseLost && error.reason !== 'too-short') throw error;
      run.lease.signal.throwIfAborted();
      const failure = error instanceof LeaseLost ? waitForLease(this.settings.leaseMs) : judge(plan, error);
      this.logger[LEVELS[failure.error?.code ?? ''] ?? 'info'](
        { runId: run.row.id, step: stepName, failure: failure.kind, err: error },
        'A step did not succeed.',
      );
      return failAttempt(this.#attemptState(run, startedAt, calls), step, failure, this.settings.random);
    }
  }

  #attemptState(run: HeldRun, startedAt: Date, calls: readonly CallRecord[]): AttemptState {
    return { run: { deadlineAt: run.deadlineAt }, attempts: run.attempts, startedAt, now: run.now(), calls };
  }

  /** Says so once, though the sweep wakes such a run time and again. */
  #tellUnknown(runId: string, { plan, step }: Obstacle): void {
    if (this.#unknown.has(runId)) return;
    if (this.#unknown.size === MOST_UNKNOWN) this.#unknown.clear();
    this.#unknown.add(runId);
    this.logger.warn(
      { runId, plan, step },
      'A run stands at a step that this worker does not know; it is left to a worker of another version.',
    );
  }

  /** Also wakes the run: of a process that stops for another, and of a pause that was lifted just now. */
  async #handBack(run: ClaimedRun): Promise<void> {
    if (await this.claims.handBack(run.id, run.fence)) this.waker.wake(run);
  }
}

const isSuspect = ({ row, attempts }: HeldRun): boolean => row.wasLost && attempts >= SUSPECT_AFTER;
