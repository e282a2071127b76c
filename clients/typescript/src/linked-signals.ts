/** A signal that is aborted with the reason of the first of others. */
export interface LinkedSignal {
  signal: AbortSignal;
  abort: (reason?: unknown) => void;
  /** Lets go of the others: those may live long. */
  release: () => void;
}

/** Links a new signal to others. They hold it, so that it lives as long as they do; what `AbortSignal.any` makes may be collected before. */
export function linkSignals(...others: (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const released = new AbortController();
  const abort = (reason?: unknown): void => {
    controller.abort(reason);
    released.abort();
  };
  for (const other of others) {
    if (other?.aborted) abort(other.reason);
    other?.addEventListener('abort', () => abort(other.reason), { once: true, signal: released.signal });
  }
  return { signal: controller.signal, abort, release: () => released.abort() };
}
