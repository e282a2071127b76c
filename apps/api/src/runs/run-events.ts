import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { OpenStreams } from '../streams/open-streams.js';
import { RunEventTimes } from './run-event-times.js';
import { RunWatch } from './run-watch.js';
import type { RunSnapshot } from './watched-run.js';

/** How long a client that follows the protocol waits before it comes again. */
const RECONNECT_MS = 2_000;

/** Streams of run events in this process. */
const LIMITS = { perProcess: 500, perCaller: 100 };

/** The text of a run's event stream (WHATWG HTML, server-sent events). */
@Injectable()
export class RunEvents implements OnModuleDestroy {
  /** The places of the streams of this process. */
  readonly streams = new OpenStreams(LIMITS);

  constructor(
    private readonly watch: RunWatch,
    private readonly times: RunEventTimes,
  ) {}

  /**
   * The run as it is unless the caller has seen that version, then at each change until it has ended, the longest time is over or the signal fires.
   * It is pulled: a caller that reads slowly misses what lay in between, and nothing is kept for it.
   */
  async *follow(first: RunSnapshot, seen: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
    const { heartbeatMs, longestMs } = this.times;
    const endsAt = performance.now() + longestMs;
    const run = this.watch.watch(first);
    try {
      // Lets the headers go also where there is nothing to tell yet.
      yield `retry: ${RECONNECT_MS}\n\n`;
      for (let told = seen; ;) {
        const leftMs = Math.max(0, endsAt - performance.now());
        const snapshot = await run.next(told, Math.min(heartbeatMs, leftMs), signal);
        if (signal.aborted) return;
        if (snapshot === undefined) {
          // By the time that was waited, not by the clock: a timer may fire a little before its time.
          if (leftMs <= heartbeatMs) return;
          yield ': nothing new\n\n';
          continue;
        }
        yield `event: run\nid: ${snapshot.version}\ndata: ${snapshot.json}\n\n`;
        if (snapshot.hasEnded) return;
        told = snapshot.version;
      }
    } finally {
      this.watch.leave(run);
    }
  }

  onModuleDestroy(): void {
    this.streams.close();
  }
}
