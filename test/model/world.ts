import { SimulatedDatabase } from './simulated-database.js';
import { SimulatedQlik } from './simulated-qlik.js';
import type { Execution } from './simulated-worker.js';

/** A protocol with one of its guards taken out: the model must find out each. */
export type BrokenProtocol =
  | 'no intent'
  | 'no settling'
  | 'no wait before looking'
  | 'no fence'
  | 'no guard before the POST'
  | 'blind re-POST'
  | 'lost answers taken for refusals'
  | 'lag above the assumed'
  | 'deletion before it is noted'
  | 'time by the worker’s own clock'
  | 'no look for what a restored database forgot'
  | 'a client found by its prefix taken for our own'
  | 'every secret of an adopted client taken for ours';

interface Timer {
  at: number;
  /** Whose clock rings: a stopped worker hears it later. */
  worker: Worker | undefined;
  ring: () => void;
}

/** A process. */
export interface Worker {
  index: number;
  executions: Execution[];
  isStopped: boolean;
  /** Its renewals reach no database. */
  isCutOff: boolean;
  /** Told to end: hands its runs back at their next boundary. */
  isEnding: boolean;
  /** How wrong its wall clock is, in ms. */
  skewMs: number;
}

/** Everything there is: one clock, the database, Qlik, and the workers. Time moves only when the schedule says so. */
export class World {
  /** By the database's clock. */
  now = Date.parse('2026-01-01T00:00:00.000Z');
  readonly database = new SimulatedDatabase(this);
  readonly qlik: SimulatedQlik;
  readonly workers: Worker[] = [];
  /** What happened, for whoever reads a counterexample. */
  readonly story: string[] = [];
  /** POSTs that left after the worker was stopped between guard and socket. */
  slips = 0;
  isRestored = false;
  /** The next worker that intends a POST is stopped before it hears that its intent is committed. */
  stopsAtIntent = false;
  /** How often each run was told to stop; a restored database does not make it undone. */
  readonly cancels = new Map<string, number>();
  readonly #timers: Timer[] = [];

  /** What is taken out of the protocol. */
  readonly broken: BrokenProtocol | undefined;

  constructor(broken: BrokenProtocol | undefined, workers: number, lagMs: number) {
    this.broken = broken;
    this.qlik = new SimulatedQlik(this, lagMs);
    for (let index = 0; index < workers; index += 1) this.workers.push(newWorker(index));
  }

  /** Accepts a customer with a tenant of its own. */
  accept(name: string): void {
    this.database.accept(name);
    this.qlik.openTenant(this.database.run(`run-${name}`).tenantHost);
  }

  tell(what: string): void {
    this.story.push(`${((this.now - BEGINNING) / 1_000).toFixed(1).padStart(7)}s  ${what}`);
  }

  /** Rings once at `at`; a stopped worker's rings when it goes on. */
  setTimer(at: number, worker: Worker | undefined, ring: () => void): Timer {
    const timer = { at, worker, ring };
    this.#timers.push(timer);
    return timer;
  }

  clearTimer(timer: Timer | undefined): void {
    const index = timer === undefined ? -1 : this.#timers.indexOf(timer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  /** Lets time pass; everything that is due in between happens in order. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (let timer = this.#nextTimer(until); timer !== undefined; timer = this.#nextTimer(until)) {
      this.now = Math.max(this.now, timer.at);
      this.clearTimer(timer);
      timer.ring();
    }
    this.now = until;
  }

  stop(worker: Worker): void {
    worker.isStopped = true;
  }

  /** Lets a stopped worker go on; with `first`, what it was about to do comes before its timers. */
  async goOn(worker: Worker, first?: () => Promise<void>): Promise<void> {
    worker.isStopped = false;
    await first?.();
    this.advance(0);
  }

  /** Ends a process without a word; another takes its place. */
  crash(worker: Worker): void {
    for (let index = this.#timers.length - 1; index >= 0; index -= 1) {
      if (this.#timers[index]?.worker === worker) this.#timers.splice(index, 1);
    }
    for (const execution of worker.executions) execution.die();
    Object.assign(worker, newWorker(worker.index), { skewMs: worker.skewMs });
  }

  get executions(): Execution[] {
    return this.workers.flatMap((worker) => worker.executions);
  }

  #nextTimer(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > until || timer.worker?.isStopped === true) continue;
      if (next === undefined || timer.at < next.at) next = timer;
    }
    return next;
  }
}

export type { Timer };

const BEGINNING = Date.parse('2026-01-01T00:00:00.000Z');

const newWorker = (index: number): Worker => ({
  index,
  executions: [],
  isStopped: false,
  isCutOff: false,
  isEnding: false,
  skewMs: 0,
});
