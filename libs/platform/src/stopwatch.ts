/** The milliseconds since it was started. */
export type Stopwatch = () => number;

/** Starts a stopwatch. It goes by whichever clock has gone further: the steady one, which may stand still while the machine sleeps, or the wall clock, which people set. */
export function startStopwatch(): Stopwatch {
  const steady = performance.now();
  const wall = Date.now();
  return () => Math.max(performance.now() - steady, Date.now() - wall);
}
