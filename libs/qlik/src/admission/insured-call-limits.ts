import type { Logger } from 'pino';
import type { CallLimits } from './call-limits.js';
import type { OwnCallLimits } from './own-call-limits.js';
import type { RateTier } from './rate-tier.js';

const DEADLINE_MS = 1_000;
const REST_MS = 1_000;

/** Call limits on a shared store; while that fails, or takes longer than a second, this process counts for itself. What it was told to pause it heeds whatever the store says. Never rejects. */
export class InsuredCallLimits implements CallLimits {
  #isLost = false;
  #restUntil = 0;

  constructor(
    private readonly shared: CallLimits,
    private readonly own: OwnCallLimits,
    private readonly log: Pick<Logger, 'warn' | 'info'>,
  ) {}

  async take(host: string, tier: RateTier): Promise<number> {
    const pausedMs = this.own.pauses.remainingMs(host, tier);
    if (pausedMs === 0) return (await this.#ask((shared) => shared.take(host, tier))) ?? this.own.take(host, tier);
    // The store must hear of it, and this may be the only tenant that is called.
    if (this.#isLost) await this.#ask((shared) => shared.pause(host, tier, pausedMs));
    return pausedMs;
  }

  async pause(host: string, tier: RateTier, ms: number): Promise<void> {
    await this.own.pause(host, tier, ms);
    await this.#ask((shared) => shared.pause(host, tier, ms));
  }

  /** What the store answers; undefined if it is not there to ask. */
  async #ask<T>(question: (shared: CallLimits) => Promise<T>): Promise<T | undefined> {
    if (performance.now() < this.#restUntil) return undefined;
    try {
      const answer = await withinDeadline(question(this.shared));
      if (this.#isLost) await this.#noteReturn();
      return answer;
    } catch (error) {
      this.#noteLoss(error);
      return undefined;
    }
  }

  /** The store may not have heard of this process's pauses, or have lost them. */
  async #noteReturn(): Promise<void> {
    this.#isLost = false;
    this.#restUntil = 0;
    this.log.info({}, 'The store of the call limits answers again.');
    const pauses = this.own.pauses.running();
    await withinDeadline(Promise.all(pauses.map(({ host, tier, ms }) => this.shared.pause(host, tier, ms))));
  }

  /** Only the message: a driver's error may hold the command that failed. */
  #noteLoss(error: unknown): void {
    // A store that hangs must not cost every call its deadline.
    this.#restUntil = performance.now() + REST_MS;
    if (this.#isLost) return;
    this.#isLost = true;
    this.log.warn(
      { reason: error instanceof Error ? error.message : String(error) },
      'The store of the call limits does not answer; until it does, this process keeps within them by itself.',
    );
  }
}

async function withinDeadline<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${DEADLINE_MS} ms.`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
