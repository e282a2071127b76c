import type { Logger } from 'pino';
import type { CallLimits } from './call-limits.js';
import type { RateTier } from './rate-tier.js';

const DEADLINE_MS = 1_000;
const REST_MS = 1_000;

/** Call limits on a shared store; while that fails, or takes longer than a second, this process counts for itself. Never rejects. */
export class InsuredCallLimits implements CallLimits {
  #isLost = false;
  #restUntil = 0;

  constructor(
    private readonly shared: CallLimits,
    /** Of this process alone. */
    private readonly own: CallLimits,
    private readonly log: Pick<Logger, 'warn' | 'info'>,
  ) {}

  take(host: string, tier: RateTier): Promise<number> {
    return this.#ask((limits) => limits.take(host, tier));
  }

  pause(host: string, tier: RateTier, ms: number): Promise<void> {
    return this.#ask((limits) => limits.pause(host, tier, ms));
  }

  async #ask<T>(question: (limits: CallLimits) => Promise<T>): Promise<T> {
    if (performance.now() < this.#restUntil) return question(this.own);
    try {
      const answer = await withinDeadline(question(this.shared));
      this.#noteAnswer();
      return answer;
    } catch (error) {
      this.#noteLoss(error);
      return question(this.own);
    }
  }

  #noteAnswer(): void {
    if (!this.#isLost) return;
    this.#isLost = false;
    this.log.info({}, 'The store of the call limits answers again.');
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
