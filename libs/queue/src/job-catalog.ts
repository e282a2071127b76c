import { z } from 'zod';

/** The queue of run wake-ups, and the name of the only job in it. */
export const RUNS_QUEUE = 'runs';
export const RUN_WAKE_UP_JOB = 'wake-up';

/** What a wake-up carries: which run, and who asked. The row says everything else. */
export const RunWakeUp = z.strictObject({
  runId: z.uuid(),
  requestId: z.string().min(1).max(200),
  /** W3C Trace Context `traceparent`, as `continueTrace` makes it; absent where the run has none. */
  traceparent: z
    .string()
    .regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
    .optional(),
});
export type RunWakeUp = z.infer<typeof RunWakeUp>;

/** Every job there is: its queue, its name and the schema of its payload. A processor parses `job.data` with it. */
export const jobCatalog = {
  runWakeUp: { queue: RUNS_QUEUE, name: RUN_WAKE_UP_JOB, payload: RunWakeUp },
} as const;
