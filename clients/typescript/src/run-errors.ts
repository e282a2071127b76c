import type { Run } from './resources.js';

/** A run stopped without success: it failed, was cancelled, or needs a person's attention. */
export class RunStoppedError extends Error {
  override readonly name = 'RunStoppedError';
  /** Why, as the runbook lists it; absent where the run says nothing. */
  readonly code: string | undefined;

  constructor(readonly run: Run) {
    const { id, plan, state, error } = run;
    const why = error === null ? '' : `: ${error.code}: ${error.message}${error.hint ? ` ${error.hint}` : ''}`;
    super(`The ${plan} run "${id}" stopped with "${state}"${why}`);
    this.code = error?.code;
  }
}

/** A run went on for longer than was waited for it. It still goes on; nothing was cancelled. */
export class RunTimeoutError extends Error {
  override readonly name = 'RunTimeoutError';

  constructor(
    readonly runId: string,
    timeoutMs: number,
    /** As it was seen last; absent where it was never seen. */
    readonly run: Run | undefined,
    options: ErrorOptions,
  ) {
    const seen = run === undefined ? 'It could not be read.' : `It is "${run.state}" at the step "${run.step}".`;
    super(`The run "${runId}" did not end within ${timeoutMs} ms. ${seen}`, options);
  }
}
