import { patiently } from '../patiently.js';
import { type AppProcess, startAppProcess, StartHangs } from '../../processes.js';

/** A worker whose network goes silent while it starts ends within half a minute, and it may be silent again at the next start, and the next. */
const STARTS_AT_LAST_MS = 900_000;

/** How one worker of a fault differs from an ordinary one. */
export interface WorkerSetup {
  env?: NodeJS.ProcessEnv;
  /** Sets of edits (seams/named-edits.ts) that it runs with. */
  edits?: readonly string[];
}

/** Three ordinary workers. */
export const ordinaryWorkers: readonly WorkerSetup[] = [{}, {}, {}];

/** The worker processes of a rig, each in its place; a place whose worker was killed gets another. */
export class Workers {
  #setup: readonly WorkerSetup[] = [];
  #places: (AppProcess | undefined)[] = [];

  constructor(
    /** Of every worker that starts from now on, unless its setup says otherwise. */
    readonly env: NodeJS.ProcessEnv,
    private readonly preload: readonly string[],
    private readonly log: (line: string) => void,
  ) {}

  get count(): number {
    return this.#places.length;
  }

  /** Has these workers and no other; leaves those that run if they are the same and all alive. */
  async set(setup: readonly WorkerSetup[]): Promise<void> {
    if (setup === this.#setup && this.#places.every((_, place) => !this.isGone(place))) return;
    await this.end('SIGKILL');
    this.#setup = setup;
    this.#places = setup.map(() => undefined);
    await Promise.all(setup.map((_, place) => this.start(place)));
  }

  /** Starts the worker of a place that has none, again and again as a supervisor would while its servers are away. */
  async start(place: number): Promise<void> {
    const { env = {}, edits = [] } = this.#setup[place] ?? {};
    this.#places[place] = await patiently(
      () =>
        startAppProcess(
          'worker',
          { ...this.env, ...env, CHAOS_EDITS: edits.join(',') },
          { preload: this.preload, log: this.log },
        ),
      { forMs: STARTS_AT_LAST_MS, unless: (error) => error instanceof StartHangs },
    );
  }

  /** Ends the worker of a place; says how long that took in ms, and how it ended. */
  async kill(place: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<{ code: number | null; tookMs: number }> {
    const worker = this.#places[place];
    this.#places[place] = undefined;
    const start = performance.now();
    const end = await worker?.kill(signal);
    return { code: end?.code ?? null, tookMs: performance.now() - start };
  }

  /** Leaves a single worker. */
  async endAllBut(last: number): Promise<void> {
    const others = [...this.#places.keys()].filter((place) => place !== last);
    await Promise.all(others.map((place) => this.kill(place, 'SIGTERM')));
  }

  /** Whether the process of this place has ended by itself. */
  isGone(place: number): boolean {
    return this.#places[place]?.hasEnded() ?? true;
  }

  /** How the process of this place ended by itself, in words. */
  describeEnd(place: number): string {
    const worker = this.#places[place];
    return worker === undefined
      ? `worker ${place} was never started again`
      : `worker ${place} ended by itself, with ${worker.describeEnd()}`;
  }

  signal(place: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#places[place]?.signal(signal);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await Promise.all(this.#places.map((_, place) => this.kill(place, signal)));
  }
}
