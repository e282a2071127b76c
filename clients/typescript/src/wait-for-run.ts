import type { ProvisionerClient } from './client.js';
import { linkSignals } from './linked-signals.js';
import type { Run } from './resources.js';
import { RunStoppedError, RunTimeoutError } from './run-errors.js';
import { watchRun } from './watch-run.js';

/** How to wait. */
export interface WaitOptions {
  /** Ends the waiting, not the run. */
  signal?: AbortSignal;
  /** 10 minutes unless given. */
  timeoutMs?: number;
  /** Hears of the run as it is, and then each time it has changed. */
  onProgress?: (run: Run) => void;
}

/**
 * The run once it has succeeded. Throws RunStoppedError when it failed, was cancelled or needs attention; RunTimeoutError; ProblemError when
 * the API refuses to show it; and the reason of `signal`. An API that does not answer for a while is waited for.
 */
export async function waitForRun(
  client: Pick<ProvisionerClient, 'GET'>,
  runId: string,
  { signal, timeoutMs = 600_000, onProgress }: WaitOptions = {},
): Promise<Run> {
  const timeout = Symbol('timeout');
  const { signal: either, abort, release } = linkSignals(signal);
  const timer = setTimeout(() => abort(timeout), timeoutMs);
  let seen: Run | undefined;
  let trouble: unknown;
  try {
    for await (const run of watchRun(client, runId, either, (error) => (trouble = error))) {
      seen = run;
      onProgress?.(run);
      if (run.state === 'succeeded') return run;
      if (run.state === 'failed' || run.state === 'needs_attention' || run.state === 'cancelled')
        throw new RunStoppedError(run);
    }
  } catch (cause) {
    if (cause !== timeout) throw cause;
  } finally {
    clearTimeout(timer);
    release();
  }
  throw new RunTimeoutError(runId, timeoutMs, seen, { cause: trouble });
}
