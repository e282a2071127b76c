import {
  type CommittedIntent,
  type Intent,
  LeaseLost,
  type Plan,
  type RunEvent,
  type RunOutcome,
  type Step,
  type StepContext,
} from '@app/runs';
import { failAttempt, judge, loseAttempt, waitForLease } from '../../libs/runs/src/failed-attempt.js';
import { completeStep, type Progress, undoStep } from '../../libs/runs/src/step-progress.js';
import { Held } from './held.js';
import { product } from './product.js';
import { ScheduledWork } from './scheduled-work.js';
import type { Hold, RunRow } from './simulated-database.js';
import { LEASE_MS } from './times.js';
import { Violation } from './violation.js';
import type { BrokenProtocol, Timer, Worker, World } from './world.js';

const MARGIN = 0.05;

/**
 * One wake-up that a worker works on, from its claim until it lets go: around the product's own steps, what RunRunner, Lease, HeldRun
 * and AttemptCommitter do in libs/runs, on the world's clock.
 */
export class Execution extends ScheduledWork {
  /** By the world's clock, at which this worker's steady clock runs as well. */
  expiresAt = 0;
  failure: unknown;
  readonly runId: string;
  #hold: Hold | undefined;
  #lost: LeaseLost | undefined;
  /** Has asked the database to let the run go. */
  #isLettingGo = false;
  readonly #timers: (Timer | undefined)[] = [];

  constructor(world: World, worker: Worker, runId: string) {
    super(world, worker);
    this.runId = runId;
  }

  /** Begins; resolves when it waits for the outside. */
  start(): Promise<void> {
    this.worker.executions.push(this);
    return this.untilIdle(() => {
      void this.#execute()
        .catch((error: unknown) => {
          if (!(error instanceof LeaseLost)) this.failure = error;
        })
        .finally(() => this.#end());
    });
  }

  /** Whether it may believe that the run is its own. */
  get believes(): boolean {
    const isHeld = this.#hold !== undefined && !this.isDone && !this.#isLettingGo && this.#lost === undefined;
    return isHeld && this.world.now < this.expiresAt;
  }

  #end(): void {
    if (this.isDone) return;
    for (const timer of this.#timers) this.world.clearTimer(timer);
    this.worker.executions.splice(this.worker.executions.indexOf(this), 1);
    this.die();
  }

  async #execute(): Promise<void> {
    const askedAt = this.world.now;
    const row = await this.ask('claim', () => this.world.database.claim(this.runId));
    if (row === undefined) return;
    this.#hold = { runId: row.id, fence: row.fence };
    this.#extend(askedAt);
    this.#scheduleRenewal();
    await this.#walk(row, this.#hold, new Held(row, this.world, this.worker.skewMs));
  }

  async #walk(row: RunRow & { formerState: string }, hold: Hold, held: Held): Promise<void> {
    const { plan, findStep } = product(this.world, this);
    let stepName = row.step;
    if (row.formerState === 'running') {
      const lost = await this.#commit(hold, held, plan, loseAttempt(held.state(held.now()), findStep(stepName)));
      if (lost.end.run.state !== 'running') return;
    }
    for (;;) {
      this.#throwIfLost();
      if (this.worker.isEnding) {
        this.#isLettingGo = true;
        return this.ask('hand back', () => this.world.database.handBack(hold));
      }
      const { end } = await this.#commit(hold, held, plan, await this.#attempt(hold, held, plan, findStep(stepName)));
      if (end.run.state !== 'running' || end.run.step === null) return;
      stepName = end.run.step;
    }
  }

  async #attempt(hold: Hold, held: Held, plan: Plan, step: Step): Promise<Progress> {
    const startedAt = held.now();
    try {
      const move = held.cancelRequested ? undoStep : completeStep;
      return await move(plan, step, this.#contextFor(hold, held), []);
    } catch (error) {
      if (error instanceof LeaseLost && error.reason !== 'too-short') throw error;
      this.#throwIfLost();
      const failure = error instanceof LeaseLost ? waitForLease(LEASE_MS) : judge(plan, error);
      if (failure.error?.code === 'INTERNAL_ERROR') throw new Violation(String((error as Error).stack));
      return failAttempt(held.state(startedAt), step, failure, () => 1);
    }
  }

  async #commit(hold: Hold, held: Held, plan: Plan, progress: Progress): Promise<Progress> {
    for (;;) {
      const { end } = progress;
      const tx = this.world.database.begin();
      const written = (await progress.write?.(tx as never)) ?? [];
      const outcome = end.run.state;
      const ended: readonly RunEvent[] = isOutcome(outcome)
        ? await plan.onEnd(tx as never, held.view, outcome, end.error)
        : [];
      this.#isLettingGo = outcome !== 'running';
      const committed = await this.ask(`commit ${end.step.name} ${end.attempt.outcome} → ${end.run.state}`, () =>
        this.world.database.end(hold, end, tx, [...written, ...ended], held.cancelRequested),
      );
      if (committed !== undefined) {
        if (end.step.output !== undefined) held.outputs[end.step.name] = end.step.output;
        held.intent = committed.intent;
        held.attempts = end.run.attempts;
        held.cancelRequested = committed.cancelRequested;
        return progress;
      }
      this.#isLettingGo = false;
      const run = { state: 'running' as const, step: end.step.name, attempts: 0 };
      progress = { ...progress, end: { ...end, run, waitUntil: undefined } };
    }
  }

  #contextFor(hold: Hold, held: Held): StepContext {
    const setIntent = async (intent: Intent | null) => {
      const stored = intent === null ? null : breakIntent(intent, this.world.broken);
      held.intent = await this.ask(`intend ${intent === null ? 'nothing' : intent.phase}`, () =>
        this.world.broken === 'no intent' && intent !== null
          ? this.world.database.stamp(intent)
          : this.world.database.setIntent(hold, stored),
      );
      return held.intent;
    };
    return {
      run: held.view,
      signal: NEVER,
      get intent() {
        return held.intent;
      },
      now: () => held.now(),
      output: <Output>(step: Step<Output>) => step.output.parse(held.outputs[step.name]),
      record: () => undefined,
      guard: (callMs) => {
        if (this.world.broken === 'no guard before the POST') return;
        this.#throwIfLost();
        if (this.expiresAt - this.world.now < callMs + LEASE_MS * MARGIN) throw new LeaseLost('too-short', this.runId);
      },
      commitIntent: (intent) => setIntent(intent) as Promise<CommittedIntent>,
      clearIntent: async () => void (await setIntent(null)),
    };
  }

  protected mayCall(): boolean {
    return this.#lost === undefined;
  }

  #throwIfLost(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }

  #extend(askedAt: number): void {
    this.expiresAt = askedAt + LEASE_MS;
    this.world.clearTimer(this.#timers[0]);
    this.#timers[0] = this.world.setTimer(this.expiresAt, this.worker, () => this.#lose('expired'));
  }

  #scheduleRenewal(): void {
    this.#timers[1] = this.world.setTimer(this.world.now + LEASE_MS / 3, this.worker, () => {
      if (this.isDone || this.#lost !== undefined || this.#hold === undefined) return;
      if (!this.worker.isCutOff) {
        if (!this.world.database.renew(this.#hold)) return this.#lose('taken');
        this.#extend(this.world.now);
      }
      this.#scheduleRenewal();
    });
  }

  #lose(reason: 'taken' | 'expired'): void {
    for (const timer of this.#timers) this.world.clearTimer(timer);
    if (this.isDone || this.#lost !== undefined) return;
    this.#lost = new LeaseLost(reason, this.runId);
    this.breakOff('CALL_ABORTED');
  }
}

const NEVER = new AbortController().signal;

const isOutcome = (state: string): state is RunOutcome =>
  state === 'succeeded' || state === 'failed' || state === 'needs_attention' || state === 'cancelled';

/** What is stored of an intent where part of it is taken out of the protocol. */
function breakIntent(intent: Intent, broken: BrokenProtocol | undefined): Intent {
  const { removing: _removing, takenOver: _takenOver, ...rest } = intent;
  if (broken === 'deletion before it is noted') return { ...rest, takenOver: intent.takenOver };
  if (broken === 'a client found by its prefix taken for our own') return { ...rest, removing: intent.removing };
  return intent;
}
