import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '@app/audit';
import { Database, isDatabaseUnavailable, type Sql } from '@app/platform';
import type { AttemptEnd } from './attempt-end.js';
import { AttemptsRepository } from './attempts.repository.js';
import type { HeldRun } from './held-run.js';
import type { AnyPlan, RunOutcome } from './plan.js';
import { auditedAs } from './run-audit.js';
import type { RunEvent } from './run-event.js';
import { assertRunTransition } from './run-states.js';
import { LeaseLost } from './step-failure.js';
import { type Progress, rememberProgress } from './step-progress.js';

/** Tries of one commit that fails though the database is there. */
const COMMIT_TRIES = 5;

/** The pause after the first try; each further one is twice as long, up to the longest. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

/** Commits how an attempt ended: step, run, audit and the plan's own tables in one transaction. */
@Injectable()
export class AttemptCommitter {
  constructor(
    private readonly database: Database,
    private readonly attempts: AttemptsRepository,
    private readonly audit: AuditTrail,
  ) {}

  /** Commits `progress` and returns it as committed: a run that was told to stop meanwhile stays on its step, to be undone. While the database is away it tries as long as the lease lasts. Throws LeaseLost. */
  async commit(run: HeldRun, plan: AnyPlan, progress: Progress): Promise<Progress> {
    let isUnanswered = false;
    let refusals = 0;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        if (isUnanswered && (await this.#wasCommitted(run, progress))) return await this.#adopt(run, progress);
        const committed = await this.#commitOnce(run, plan, progress);
        if (committed !== undefined) return committed;
        progress = stayForUndo(progress);
        isUnanswered = false;
      } catch (error) {
        // What the step learned, a secret perhaps, is in memory only: worth more than one try, as long as the run is ours.
        if (!isDatabaseUnavailable(error)) refusals += 1;
        if (error instanceof LeaseLost || refusals === COMMIT_TRIES || !run.lease.outlasts(pauseMs)) throw error;
        await setTimeout(pauseMs);
        if (run.lease.signal.aborted) throw error;
        isUnanswered = true;
      }
    }
  }

  async #commitOnce(run: HeldRun, plan: AnyPlan, progress: Progress): Promise<Progress | undefined> {
    const { end } = progress;
    assertRunTransition('running', end.run.state);
    const result = await this.database
      .sqlTransaction(async (tx) => {
        const row = await this.attempts.end(tx, run.hold, end);
        if (row.cancelRequested && !run.cancelRequested && end.run.state !== 'running') throw new CancelArrived();
        const written = (await progress.write?.(tx)) ?? [];
        const ended = isOutcome(end.run.state) ? await this.#endRun(tx, run, plan, end, end.run.state) : [];
        // Last, and together: the customer's chain is locked from here to the COMMIT.
        await this.#audit(tx, run, [...written, ...ended]);
        return row;
      })
      .catch((error: unknown) => {
        if (error instanceof CancelArrived) return undefined;
        throw error;
      });
    if (result === undefined) return undefined;
    rememberProgress(run, progress, result);
    return progress;
  }

  async #endRun(tx: Sql, run: HeldRun, plan: AnyPlan, end: AttemptEnd, outcome: RunOutcome): Promise<RunEvent[]> {
    const events = await plan.onEnd(tx, run.view, outcome, end.error);
    const data = { plan: plan.name, step: end.step.name, code: end.error?.code ?? null };
    return [...events, { action: `run.${outcome}`, data }];
  }

  async #audit(tx: Sql, run: HeldRun, events: readonly RunEvent[]): Promise<void> {
    const { requestId } = run.view;
    const { chain, subject } = auditedAs(run.view);
    const [first, ...others] = events.map((event) => ({
      ...event,
      chain,
      actor: 'worker',
      requestId,
      subject: { ...subject, ...event.subject },
    }));
    if (first !== undefined) await this.audit.append(tx, first, ...others);
  }

  #wasCommitted(run: HeldRun, { end }: Progress): Promise<boolean> {
    return this.database.sqlTransaction((tx) => this.attempts.wasEnded(tx, run.hold, end));
  }

  /** The answer of the COMMIT was lost, but it happened. */
  async #adopt(run: HeldRun, progress: Progress): Promise<Progress> {
    rememberProgress(run, progress, await this.attempts.getOutcome(run.hold));
    return progress;
  }
}

/** Rolls back an end that came too late: the run was told to stop before it was committed. */
class CancelArrived extends Error {}

function stayForUndo({ end, write }: Progress): Progress {
  return { write, end: { ...end, run: { state: 'running', step: end.step.name, attempts: 0 }, waitUntil: undefined } };
}

const isOutcome = (state: string): state is RunOutcome =>
  state === 'succeeded' || state === 'failed' || state === 'needs_attention' || state === 'cancelled';
