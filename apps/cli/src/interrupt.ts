/** Somebody pressed Ctrl-C; the message says what stands and how to go on. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Does `work`, whose signal aborts at the first Ctrl-C; a second one ends the process at once. Throws Interrupted with `howToGoOn` where `work` ended for that. */
export async function interruptible<T>(howToGoOn: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once('SIGINT', abort);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted && (error as Error).name === 'AbortError') throw new Interrupted(howToGoOn);
    throw error;
  } finally {
    process.off('SIGINT', abort);
  }
}
