import { setTimeout as pause } from 'node:timers/promises';
import { OPEN_STATES, PausesService, RUN_LOGGER, type RunDetails, RunsReader, RunVersionsReader } from '@app/runs';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { opaqueTagOf } from '../http/etag.js';
import { RunEventTimes } from './run-event-times.js';
import { showRun } from './run.schema.js';
import { type RunSnapshot, WatchedRun } from './watched-run.js';

/** Runs read in one statement, with all their steps and attempts. */
const READ_AT_ONCE = 50;

/** Looks at all runs that anybody watches with one statement at a time, and reads those that have changed, once for all who watch; at rest while nobody does. */
@Injectable()
export class RunWatch implements OnModuleDestroy {
  readonly #runs = new Map<string, WatchedRun>();
  readonly #stop = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;
  #isFailing = false;

  constructor(
    private readonly reader: RunsReader,
    private readonly versions: RunVersionsReader,
    private readonly pauses: PausesService,
    private readonly times: RunEventTimes,
    @Inject(RUN_LOGGER) private readonly logger: Logger,
  ) {}

  /** The run as it is now. Throws RUN_NOT_FOUND. */
  async get(runId: string): Promise<RunSnapshot> {
    const [snapshot] = await this.#show([await this.reader.get(runId)]);
    return snapshot!;
  }

  /** Watches a run from what was read of it, until `leave`. */
  watch(known: RunSnapshot): WatchedRun {
    const run = this.#runs.get(known.id) ?? new WatchedRun(known);
    this.#runs.set(known.id, run);
    run.watchers += 1;
    run.publish(known);
    if (!this.#isLooking) this.#looking = this.#look();
    return run;
  }

  /** Ends what one `watch` began. */
  leave(run: WatchedRun): void {
    run.watchers -= 1;
    if (run.watchers === 0) this.#runs.delete(run.latest.id);
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { signal } = this.#stop;
    this.#isLooking = true;
    while (this.#runs.size > 0 && !signal.aborted) {
      await pause(this.times.pollMs, undefined, { signal }).catch(() => undefined);
      if (this.#runs.size > 0 && !signal.aborted) await this.#tellChanges();
    }
    this.#isLooking = false;
  }

  /** Streams outlive an outage of the database: what they missed is told by the first look that succeeds. */
  async #tellChanges(): Promise<void> {
    try {
      const changed = await this.#findChanged();
      for (let done = 0; done < changed.length; done += READ_AT_ONCE) {
        const runs = await this.reader.findAll(changed.slice(done, done + READ_AT_ONCE));
        for (const snapshot of await this.#show(runs)) this.#runs.get(snapshot.id)?.publish(snapshot);
      }
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.logger.warn({ err: error }, 'Watched runs could not be read; tried until it works.');
      this.#isFailing = true;
    }
  }

  async #findChanged(): Promise<string[]> {
    const versions = await this.versions.list([...this.#runs.keys()]);
    return versions
      .filter(({ runId, revision, pauseId }) => {
        const run = this.#runs.get(runId);
        return run !== undefined && run.latest.version !== opaqueTagOf(revision, pauseId ?? undefined);
      })
      .map(({ runId }) => runId);
  }

  async #show(runs: RunDetails[]): Promise<RunSnapshot[]> {
    return (await this.pauses.addPauses(runs)).map((run) => ({
      id: run.id,
      revision: run.revision,
      version: opaqueTagOf(run.revision, run.pausedBy?.id),
      json: JSON.stringify(showRun(run)),
      hasEnded: !OPEN_STATES.includes(run.state),
    }));
  }
}
