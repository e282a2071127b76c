import { setTimeout as pause } from 'node:timers/promises';
import type { Disturbance } from './fault.js';

/** Strikes again and again, first after one pause, until it is ended; `end` waits for the strike under way and rejects if one failed. */
export function repeatedly(strike: () => Promise<void>, pauseMs: () => number): Disturbance {
  const stop = new AbortController();
  let struck = 0;
  const loop = async () => {
    for (;;) {
      await pause(pauseMs(), undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return;
      await strike();
      struck += 1;
    }
  };
  const ended = loop();
  // Looked at by `end`; until then nobody listens.
  ended.catch(() => undefined);
  return {
    end: async () => {
      stop.abort();
      await ended;
      return struck;
    },
  };
}

/** A disturbance that proves nothing unless it struck: its end throws then. */
export function mustStrike(what: string, disturbance: Disturbance): Disturbance {
  return {
    end: async () => {
      const struck = await disturbance.end();
      if (struck === 0) throw new Error(`${what} never struck.`);
      return struck;
    },
  };
}

/** Several disturbances as one. */
export function together(...disturbances: readonly Disturbance[]): Disturbance {
  return {
    end: async () => {
      const struck = await Promise.all(disturbances.map((one) => one.end()));
      return struck.reduce((sum, count) => sum + count, 0);
    },
  };
}
