import type { ServerResponse } from 'node:http';
import type { Caller } from '@app/access';
import { DomainError } from '@app/platform';

/** How many answers of a kind may be under way at once. */
export interface StreamLimits {
  perProcess: number;
  /** For one caller, in this process. */
  perCaller: number;
}

/** Seconds after which a place may have become free. */
const RETRY_AFTER_SECONDS = 5;

/** How long a stream has to end when the process stops, in ms. */
const END_WITHIN_MS = 2_000;

/** The places of answers that go on for long; a place is free again as soon as its connection is closed. */
export class OpenStreams {
  readonly #open = new Map<ServerResponse, { callerId: string; stop: AbortController }>();
  #closed = false;

  constructor(private readonly limits: StreamLimits) {}

  /** Takes a place until `response` is closed; the signal fires then, and when the process stops. Throws STREAMS_EXHAUSTED or CALLER_STREAMS_EXHAUSTED. */
  open(caller: Caller, response: ServerResponse): AbortSignal {
    this.#assertPlace(caller.id);
    const stop = new AbortController();
    const { socket } = response.req;
    const free = (): void => {
      response.off('close', free);
      socket.off('close', free);
      this.#open.delete(response);
      stop.abort();
    };
    this.#open.set(response, { callerId: caller.id, stop });
    // A response that waits behind others on its connection is not closed with it.
    response.once('close', free);
    socket.once('close', free);
    return stop.signal;
  }

  /** Has every stream end, breaks off after a moment those that nobody reads, and takes no other. */
  close(): void {
    this.#closed = true;
    for (const { stop } of this.#open.values()) stop.abort();
    setTimeout(() => {
      for (const response of this.#open.keys()) response.destroy();
    }, END_WITHIN_MS).unref();
  }

  /** Whether the process stops. */
  get isClosed(): boolean {
    return this.#closed;
  }

  #assertPlace(callerId: string): void {
    const { perProcess, perCaller } = this.limits;
    const own = [...this.#open.values()].filter((stream) => stream.callerId === callerId).length;
    if (own >= perCaller) {
      throw exhausted(
        'CALLER_STREAMS_EXHAUSTED',
        `This API key has ${own} of these answers under way, and one process gives it no more. End one, or wait until one has ended.`,
      );
    }
    if (this.#closed || this.#open.size >= perProcess) {
      throw exhausted(
        'STREAMS_EXHAUSTED',
        'This process takes no more of these answers now. Try again in a few seconds; another process may have room.',
      );
    }
  }
}

const exhausted = (code: string, message: string): DomainError =>
  new DomainError('unavailable', code, message, { retryAfterSeconds: RETRY_AFTER_SECONDS });
