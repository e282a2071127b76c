import { AttemptOutcome, type Pause as PauseRow, RunState, StepState } from '@app/platform';
import type { RunDetails } from '@app/runs';
import { z } from 'zod';
import { contentOf } from '../openapi/content-schema.js';
import { Pause, showPause } from '../pauses/pause.schema.js';
import { cursor, id, instant, limit, saying, text } from '../schemas/text.schema.js';

const RunError = z
  .object({
    code: z.string().meta({ description: 'Stable; the runbook has an entry for each.' }),
    message: z.string(),
    hint: z.string().optional().meta({ description: 'What to do.' }),
    qlik: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .optional()
      .meta({ description: 'What Qlik itself said.' }),
  })
  .meta({ id: 'RunError', description: 'Why a run, a step or an attempt stopped.' });

const StepAttempt = z
  .object({
    number: z.int(),
    outcome: z.enum(AttemptOutcome),
    startedAt: instant,
    finishedAt: instant,
    waitingUntil: instant.nullable(),
    calls: z.array(z.record(z.string(), z.unknown())).meta({ description: 'What was called, and what it answered.' }),
    error: RunError.nullable(),
  })
  .meta({ id: 'StepAttempt' });

const RunStep = z
  .object({
    name: z.string(),
    state: z.enum(StepState),
    attempts: z.array(StepAttempt).meta({ description: 'Oldest first; the newest 50 are kept.' }),
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    waitingUntil: instant.nullable(),
    output: z.record(z.string(), z.unknown()).nullable().meta({ description: 'Ids and facts, never a secret.' }),
    error: RunError.nullable(),
  })
  .meta({ id: 'RunStep' });

/** A run as it is shown. */
export const Run = z
  .object({
    id,
    plan: z.string(),
    state: z.enum(RunState),
    customerId: id.nullable().meta({ description: 'Null for a `preflight`, which is for nobody yet.' }),
    input: z.record(z.string(), z.unknown()).meta({
      description:
        'What the run was asked to do, where its plan leaves a choice: the `mode` of a rotation, the `tenantHost` of a preflight. `onceUndone`: the run is being undone, and begins again after that.',
    }),
    step: z.string().nullable().meta({ description: 'The step that is next or under way.' }),
    error: RunError.nullable(),
    reason: z.string().nullable(),
    actor: z.string(),
    cancelRequested: z.boolean(),
    createdAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    waitingUntil: instant.nullable(),
    pausedBy: Pause.nullable().meta({
      description: 'What keeps it from being taken up, or will from its next step on.',
    }),
    steps: z.array(RunStep).meta({ description: 'In order; empty until a worker began.' }),
  })
  .meta({ id: 'Run', description: 'One execution of a plan, for one customer.' });
export type Run = z.output<typeof Run>;

/** An event of the stream that follows a run, by its fields. */
export const RunEvent = z.object({
  event: z.literal('run'),
  id: z.string().meta({ description: 'The ETag of the run, without the quotes.' }),
  data: z.string().meta({ description: 'The run, in one line.', ...contentOf('application/json', Run) }),
});

/** A page of runs. */
export const RunPage = z
  .object({ runs: z.array(Run), nextCursor: z.string().optional() })
  .meta({ id: 'RunPage', description: 'Newest first; `nextCursor` is absent on the last page.' });

/** Which runs to list. */
export const RunFilter = z.strictObject({
  plan: text(50).optional(),
  state: z.enum(RunState).optional(),
  customerId: id.optional(),
  code: text(100).optional().meta({ description: 'The code of the error a run stopped with.' }),
  cursor: cursor.optional(),
  limit: limit(100),
});
export type RunFilter = z.output<typeof RunFilter>;

/** Why a person changes a run. */
export const RunChange = z
  .strictObject({ reason: saying(500).meta({ description: 'Kept in the audit trail.' }) })
  .meta({ id: 'RunChange' });
export type RunChange = z.output<typeof RunChange>;

/** The row as it is shown. */
export function showRun(row: RunDetails & { pausedBy: PauseRow | null }): Run {
  return {
    id: row.id,
    plan: row.plan,
    state: row.state,
    customerId: row.customerId,
    input: row.input as Run['input'],
    step: row.step,
    error: row.error as Run['error'],
    reason: row.reason,
    actor: row.actor,
    cancelRequested: row.cancelRequested,
    createdAt: row.createdAt.toISOString(),
    startedAt: iso(row.startedAt),
    finishedAt: iso(row.finishedAt),
    waitingUntil: iso(row.nextRunAt),
    pausedBy: row.pausedBy === null ? null : showPause(row.pausedBy),
    steps: row.steps.map((step) => ({
      name: step.name,
      state: step.state,
      attempts: step.attemptRows.map((attempt) => ({
        number: attempt.number,
        outcome: attempt.outcome,
        startedAt: attempt.startedAt.toISOString(),
        finishedAt: attempt.finishedAt.toISOString(),
        waitingUntil: iso(attempt.waitUntil),
        calls: attempt.calls as Record<string, unknown>[],
        error: attempt.error as Run['error'],
      })),
      startedAt: iso(step.startedAt),
      finishedAt: iso(step.finishedAt),
      waitingUntil: iso(step.waitingUntil),
      output: step.output as Record<string, unknown> | null,
      error: step.error as Run['error'],
    })),
  };
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
