/** Work that goes on beside everything else: `end` tells it to stop, waits for it, and rejects if it did. */
export function inBackground(work: (stop: AbortSignal) => Promise<unknown>): { end(): Promise<void> } {
  const stop = new AbortController();
  const ended = work(stop.signal);
  // Looked at by `end`; until then nobody listens.
  ended.catch(() => undefined);
  return {
    end: async () => {
      stop.abort();
      await ended;
    },
  };
}
