import { setTimeout as pause } from 'node:timers/promises';
import { KeyProviderError } from './key-provider-error.js';

/** The pauses between tries: a service that is restarted, or throttles for a moment, does not keep a process down. */
const PAUSES_MS = [1_000, 2_000, 4_000];

/** Does `work`, and again after each pause while it throws KeyProviderError, the last of which says how often it was asked; anything else it throws passes through. */
export async function untilKeyServiceAnswers<T>(
  work: () => Promise<T>,
  pausesMs: readonly number[] = PAUSES_MS,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof KeyProviderError)) throw error;
      const pauseMs = pausesMs[tries - 1];
      if (pauseMs === undefined) throw error.after(tries);
      await pause(pauseMs);
    }
  }
}
