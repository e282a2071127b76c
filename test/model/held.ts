import type { CommittedIntent } from '@app/runs';
import type { AttemptState } from '../../libs/runs/src/failed-attempt.js';
import type { RunRow } from './simulated-database.js';
import type { World } from './world.js';

/** What a worker knows of the run it holds. */
export class Held {
  readonly view;
  readonly outputs: Record<string, unknown>;
  intent: CommittedIntent | null;
  attempts: number;
  cancelRequested: boolean;
  readonly #claimedAt: number;

  private readonly row: RunRow & { claimedAt: number };
  private readonly world: World;
  private readonly skewMs: number;

  constructor(row: RunRow & { claimedAt: number }, world: World, skewMs: number) {
    this.row = row;
    this.world = world;
    this.skewMs = skewMs;
    const { id, customerId } = row;
    this.view = { id, customerId, plan: 'onboarding', input: {}, actor: 'model', requestId: id };
    this.outputs = row.outputs;
    this.intent = row.intent;
    this.attempts = row.attempts;
    this.cancelRequested = row.cancelRequested;
    this.#claimedAt = this.#localNow();
  }

  /** The database's time: that of the claim, and what has passed since by a clock of one's own. */
  now(): Date {
    if (this.world.broken === 'time by the worker’s own clock') return new Date(this.#localNow());
    return new Date(this.row.claimedAt + (this.#localNow() - this.#claimedAt));
  }

  state(startedAt: Date): AttemptState {
    const run = { deadlineAt: new Date(this.row.deadlineAt) };
    return { run, attempts: this.attempts, startedAt, now: this.now(), calls: [] };
  }

  #localNow(): number {
    return this.world.now + this.skewMs;
  }
}
