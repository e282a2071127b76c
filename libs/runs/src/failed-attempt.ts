import { type AttemptOutcome, isDatabaseUnavailable } from '@app/platform';
import type { ClaimedRun } from './claimed-run.js';
import type { AnyPlan, AnyStep } from './plan.js';
import { backoffMs } from './retry-policy.js';
import type { CallRecord, RunError } from './run-error.js';
import { StepFailure, type Failure } from './step-failure.js';
import type { Progress } from './step-progress.js';

/** The code of a failure that neither the step nor its plan can explain: ours to fix. */
export const INTERNAL_ERROR = 'INTERNAL_ERROR';

/** The code of a wait because the lease would not have outlasted the call. */
export const LEASE_TOO_SHORT = 'LEASE_TOO_SHORT';

/** The code of an attempt whose process vanished, or had lost the database for so long that nobody can tell the difference. */
export const WORKER_LOST = 'WORKER_LOST';

/** Parts of the lease that are waited then, lest a database too slow for it keeps the run going round. */
const LEASE_WAIT = 1 / 12;

/** Where a run stands when an attempt is judged. */
export interface AttemptState {
  run: Pick<ClaimedRun, 'deadlineAt'>;
  /** Tries of this step that counted, before this one. */
  attempts: number;
  startedAt: Date;
  /** The database's time. */
  now: Date;
  calls: readonly CallRecord[];
}

/** What an error thrown by a step means: the step's own word, then the plan's, then the database's, else a fault of ours that is tried again. */
export function judge(plan: AnyPlan, error: unknown): Failure {
  if (error instanceof StepFailure) return error.failure;
  const explained = plan.explain(error);
  if (explained !== undefined) return explained;
  if (isDatabaseUnavailable(error)) return { kind: 'retry', exhausted: 'failed', error: databaseUnavailable };
  return {
    kind: 'retry',
    exhausted: 'failed',
    error: {
      code: INTERNAL_ERROR,
      message: 'The step failed for a reason that has no name of its own.',
      hint: 'Look for this run id in the worker log, then retry the run.',
    },
  };
}

const databaseUnavailable: RunError = {
  code: 'DATABASE_UNAVAILABLE',
  message: 'PostgreSQL did not answer, or refused to write.',
  hint: 'Look at PostgreSQL, its disk, and the connections it has left; then retry the run.',
};

/** What becomes of an attempt whose lease would not have outlasted its next call. */
export function waitForLease(leaseMs: number): Failure {
  return {
    kind: 'wait-for',
    forMs: leaseMs * LEASE_WAIT,
    error: {
      code: LEASE_TOO_SHORT,
      message: 'The hold on the run would not have outlasted the next call to Qlik, so that call was not begun.',
      hint: 'It is tried again by itself. If it goes on, look why the database is slow to renew leases, or raise RUN_LEASE_SECONDS for all workers.',
    },
  };
}

/** Ends an attempt that threw: waits, tries again later, or stops the run. Pure. */
export function failAttempt(state: AttemptState, step: AnyStep, failure: Failure, random: () => number): Progress {
  switch (failure.kind) {
    case 'attention':
      return stop(state, step, 'needs_attention', failure.error, state.attempts + 1);
    case 'wait-until':
      return pause(state, step, 'waited', failure.until, failure.error, state.attempts);
    case 'wait-for':
      return pause(state, step, 'waited', later(state.now, failure.forMs), failure.error, state.attempts);
    case 'retry': {
      const attempts = state.attempts + 1;
      if (attempts >= step.retry.maxAttempts) return stop(state, step, failure.exhausted, failure.error, attempts);
      const until = later(state.now, Math.max(backoffMs(step.retry, attempts, random), failure.notBeforeMs ?? 0));
      return pause(state, step, 'retried', until, failure.error, attempts);
    }
  }
}

/** Ends the attempt of a process that vanished: it counts, so that a step that kills its process is not tried for ever. Pure. */
export function loseAttempt(state: AttemptState, step: AnyStep): Progress {
  const attempts = state.attempts + 1;
  const error: RunError = {
    code: WORKER_LOST,
    message:
      'The process that worked on this step ended without a word, or could not reach the database for as long as it held the run.',
    hint: 'Nothing, if it was stopped on purpose. Otherwise look for this run id in the logs of the workers, which say if the database was away; else look at why the worker ended. Then retry the run.',
  };
  if (attempts >= step.retry.maxAttempts) return stop(state, step, 'failed', error, attempts);
  return {
    end: {
      attempt: { outcome: 'lost', startedAt: state.startedAt, calls: [] },
      step: { name: step.name, state: 'running' },
      run: { state: 'running', step: step.name, attempts },
      error,
    },
  };
}

function pause(
  state: AttemptState,
  step: AnyStep,
  outcome: AttemptOutcome,
  waitUntil: Date,
  error: RunError | null,
  attempts: number,
): Progress {
  if (waitUntil > state.run.deadlineAt) return stop(state, step, 'failed', deadlineExceeded(error), attempts);
  return {
    end: {
      attempt: { outcome, startedAt: state.startedAt, calls: state.calls },
      step: { name: step.name, state: 'waiting' },
      run: { state: 'waiting', step: step.name, attempts },
      error,
      waitUntil,
    },
  };
}

function stop(
  state: AttemptState,
  step: AnyStep,
  outcome: 'failed' | 'needs_attention',
  error: RunError,
  attempts: number,
): Progress {
  return {
    end: {
      attempt: { outcome, startedAt: state.startedAt, calls: state.calls },
      step: { name: step.name, state: outcome },
      run: { state: outcome, step: step.name, attempts },
      error,
    },
  };
}

function deadlineExceeded(last: RunError | null): RunError {
  const message = 'The run did not finish within its time.';
  return {
    code: 'RUN_DEADLINE_EXCEEDED',
    message: last === null ? message : `${message} Last: ${last.message}`,
    hint: last?.hint ?? 'Look at what its attempts waited for, then retry the run.',
    ...(last?.qlik === undefined ? {} : { qlik: last.qlik }),
  };
}

const later = (now: Date, ms: number): Date => new Date(now.getTime() + ms);
