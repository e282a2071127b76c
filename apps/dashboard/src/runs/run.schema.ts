import { isBeforePromotion, isOffboarded, PreflightInput } from '@app/customers';
import { type Pause, type Run, RunState } from '@app/platform';
import { CANCELLABLE_STATES, RETRYABLE_STATES, type RunDetails, type RunError } from '@app/runs';
import { z } from 'zod';
import { Reason } from '../http/reason.schema.js';
import { showPause } from '../pauses/pause.schema.js';
import { rotationModeOf } from './rotation-mode.js';
import type { RunRow } from './run-rows.reader.js';

/** Which runs to list. */
export const RunFilter = z.strictObject({
  state: z.enum(RunState).optional(),
  plan: z.string().min(1).max(50).optional(),
  code: z.string().min(1).max(100).optional(),
  customerId: z.uuid().optional(),
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export type RunFilter = z.output<typeof RunFilter>;

/** A change of a run that an operator asks for: why, and which revision they saw. */
export const RunChange = z.strictObject({
  reason: Reason,
  revision: z.int().min(1),
});
export type RunChange = z.output<typeof RunChange>;

/** The pause that holds a run. */
interface Paused {
  pausedBy: Pause | null;
}

/** A run as a list shows it. */
export type ShownRunRow = ReturnType<typeof showRunRow>;

/** The row as a list shows it. */
export function showRunRow(row: RunRow & Paused) {
  return {
    id: row.id,
    plan: row.plan,
    mode: rotationModeOf(row),
    state: row.state,
    step: row.step,
    error: row.error as RunError | null,
    cancelRequested: row.cancelRequested,
    waitingUntil: iso(row.nextRunAt),
    pausedBy: row.pausedBy === null ? null : showPause(row.pausedBy),
    createdAt: row.createdAt.toISOString(),
    startedAt: iso(row.startedAt),
    finishedAt: iso(row.finishedAt),
    customer: row.customer,
    tenantHost: tenantHostOf(row, row.customer),
  };
}

/** A run with everything that happened in it. */
export type ShownRun = ReturnType<typeof showRun>;

/** The run as it is shown, with what may be done to it now; `supersededBy` is the run that took its place, if one did and it is known. */
export function showRun(run: RunDetails & Paused, customer: RunRow['customer'], supersededBy: string | null) {
  const isPromoted = hasPromotedSecret(run);
  const isOver = run.plan !== 'offboarding' && customer !== null && isOffboarded(customer.state);
  return {
    id: run.id,
    plan: run.plan,
    mode: rotationModeOf(run),
    state: run.state,
    step: run.step,
    error: run.error as RunError | null,
    reason: run.reason,
    actor: run.actor,
    requestId: run.requestId,
    cancelRequested: run.cancelRequested,
    revision: run.revision,
    waitingUntil: iso(run.nextRunAt),
    pausedBy: run.pausedBy === null ? null : showPause(run.pausedBy),
    deadlineAt: run.deadlineAt.toISOString(),
    createdAt: run.createdAt.toISOString(),
    startedAt: iso(run.startedAt),
    finishedAt: iso(run.finishedAt),
    isSuperseded: isSuperseded(run),
    supersededBy,
    /** Whether it is a rotation that has made its secret the current one, or is about to: it can no longer be cancelled. */
    isPromoted,
    canRetry: RETRYABLE_STATES.includes(run.state) && !isSuperseded(run) && !isOver,
    canCancel:
      CANCELLABLE_STATES.includes(run.state) && !run.cancelRequested && !isPromoted && run.plan !== 'offboarding',
    customer,
    tenantHost: tenantHostOf(run, customer),
    steps: run.steps.map((step) => ({
      name: step.name,
      state: step.state,
      startedAt: iso(step.startedAt),
      finishedAt: iso(step.finishedAt),
      waitingUntil: iso(step.waitingUntil),
      output: step.output as Record<string, unknown> | null,
      error: step.error as RunError | null,
      attempts: step.attemptRows.map((attempt) => ({
        number: attempt.number,
        outcome: attempt.outcome,
        startedAt: attempt.startedAt.toISOString(),
        finishedAt: attempt.finishedAt.toISOString(),
        waitingUntil: iso(attempt.waitUntil),
        calls: attempt.calls as Record<string, string | number>[],
        error: attempt.error as RunError | null,
      })),
    })),
  };
}

/** Whether another run took the place of this one. */
export const isSuperseded = ({ error }: Pick<Run, 'error'>): boolean =>
  (error as RunError | null)?.code === 'SUPERSEDED';

/** The tenant of the run's customer, or the one that a run for nobody yet was given. */
const tenantHostOf = ({ input }: Pick<Run, 'input'>, customer: RunRow['customer']): string =>
  customer === null ? PreflightInput.parse(input).tenantHost : customer.tenantHost;

const hasPromotedSecret = ({ plan, step }: Pick<Run, 'plan' | 'step'>): boolean =>
  plan === 'rotation' && !isBeforePromotion(step);

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
