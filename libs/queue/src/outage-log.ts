import { Logger } from '@nestjs/common';

const QUIET_MS = 60_000;

/** Says that the queue cannot be reached, at most once a minute: every connection of a process reports every attempt to reconnect. */
export class OutageLog {
  readonly #logger = new Logger('Queue');
  #quietUntil = 0;

  /** Takes an error of a connection. Its message alone is logged: a driver's error may hold the command that failed, AUTH among them. */
  readonly note = (error: Error): void => {
    const now = performance.now();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + QUIET_MS;
    this.#logger.warn(
      { reason: error.message },
      'The queue is not reachable; runs that become due wait for it or for the sweep.',
    );
  };
}
