import { setTimeout as pause } from 'node:timers/promises';
import type { Disturbance } from './fault.js';
import { inBackground } from './in-background.js';

/** Strikes again and again, first after one pause, until it is ended; `end` waits for the strike under way and rejects if one failed. */
export function repeatedly(strike: () => Promise<void>, pauseMs: () => number): Disturbance {
  let struck = 0;
  const loop = inBackground(async (stop) => {
    for (;;) {
      await pause(pauseMs(), undefined, { signal: stop }).catch(() => undefined);
      if (stop.aborted) return;
      await strike();
      struck += 1;
    }
  });
  return { end: () => loop.end().then(() => struck) };
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
