import { performance } from 'node:perf_hooks';
import type { AttemptsRepository, HoldOfAttempt } from './attempts.repository.js';
import type { ClaimedRun } from './claimed-run.js';
import type { Lease } from './lease.js';
import type { CallRecord } from './run-error.js';
import type { CommittedIntent, Intent, RunView, Step, StepContext } from './step.js';
import { LeaseLost } from './step-failure.js';

/** Calls kept of one attempt; a step that pages through a long list must not grow its row without bound. */
const KEPT_CALLS = 30;

/** A claimed run while this process works on it: what the row said at the claim, and what has been committed since. */
export class HeldRun {
  /** The same object for as long as the run is held. */
  readonly view: Omit<RunView<string | null>, 'input'> & { input: RunView['input'] };
  /** Outputs of the steps that are done, by name. */
  readonly outputs: Map<string, unknown>;
  intent: CommittedIntent | null;
  attempts: number;
  cancelRequested: boolean;
  /** When the run gives up, by the database's clock. */
  deadlineAt: Date;
  /** A claim takes no run that a pause holds; the end of an attempt tells of one set since. */
  isPaused = false;
  readonly #claimedAtMs: number;
  readonly #steadyAtClaim: number;

  constructor(
    readonly row: ClaimedRun,
    readonly lease: Lease,
    private readonly attemptRows: AttemptsRepository,
    private readonly isStopping: () => boolean,
  ) {
    const { id, customerId, plan, input, actor, requestId } = row;
    this.view = { id, customerId, plan, input, actor, requestId };
    this.outputs = new Map(Object.entries(row.outputs));
    this.intent = row.intent;
    this.attempts = row.attempts;
    this.cancelRequested = row.cancelRequested;
    this.deadlineAt = row.deadlineAt;
    this.#claimedAtMs = row.claimedAt.getTime();
    this.#steadyAtClaim = performance.now();
  }

  get hold(): HoldOfAttempt {
    return { runId: this.row.id, fence: this.row.fence, input: this.view.input };
  }

  /** The database's time. */
  now(): Date {
    return new Date(this.#claimedAtMs + Math.round(performance.now() - this.#steadyAtClaim));
  }

  /** What one attempt of a step gets to work with; its calls are noted in `calls`. */
  contextFor(calls: CallRecord[]): StepContext<string | null> {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the context's getters read the run as it is when they are asked
    const held = this;
    return {
      run: this.view,
      signal: this.lease.signal,
      get intent() {
        return held.intent;
      },
      now: () => this.now(),
      output: <Output>(step: Step<Output, string | null>): Output => {
        const output = this.outputs.get(step.name);
        if (output === undefined) throw new Error(`The step "${step.name}" has no output in run "${this.row.id}".`);
        return step.output.parse(output);
      },
      record: (call) => void (calls.length < KEPT_CALLS && calls.push(call)),
      guard: (callMs) => this.lease.guard(callMs),
      commitIntent: (intent) => this.#commitIntent(intent),
      clearIntent: async () => void (await this.#setIntent(null)),
    };
  }

  /** A process that stops begins nothing that it may not see the end of. */
  async #commitIntent(intent: Intent): Promise<CommittedIntent> {
    if (this.isStopping()) throw new LeaseLost('stopping', this.row.id);
    return (await this.#setIntent(intent)) as CommittedIntent;
  }

  async #setIntent(intent: Intent | null): Promise<CommittedIntent | null> {
    this.intent = await this.attemptRows.setIntent(this.hold, intent);
    return this.intent;
  }
}
