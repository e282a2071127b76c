import { useSyncExternalStore } from 'react';
import { serverNow } from '../server-clock.js';

const listeners = new Set<() => void>();
let now = serverNow();
let timer: number | undefined;

function tick(): void {
  now = serverNow();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  // Nobody has moved the clock on since the last listener left.
  if (timer === undefined) now = serverNow();
  timer ??= window.setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

/** Now in milliseconds, by the server's clock; one timer for the whole page. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);
