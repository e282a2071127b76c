const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** The days of a week, as a blackout window names them. */
export const WEEK_DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type WeekDay = (typeof WEEK_DAYS)[number];

/**
 * A time of day in which no rotation begins: from `from` up to, not including, `to` (HH:MM) on each of `days`. A `to` that is not later
 * than `from` is on the next day: from 22:00 to 06:00 belongs to the day on which it begins, and equal times hold 24 hours.
 */
export interface BlackoutWindow {
  from: string;
  to: string;
  days: readonly WeekDay[];
}

/** A part of every week by a wall clock, counted from Monday 00:00; one that begins late on Sunday ends in the next week. */
export interface BarredStretch {
  startMs: number;
  lengthMs: number;
}

/** Each window once for each of its days. */
export function stretchesOf(windows: readonly BlackoutWindow[]): BarredStretch[] {
  return windows.flatMap(({ from, to, days }) => {
    const lengthMs = modulo(timeOfDayMs(to) - timeOfDayMs(from), DAY_MS) || DAY_MS;
    return days.map((day) => ({ startMs: WEEK_DAYS.indexOf(day) * DAY_MS + timeOfDayMs(from), lengthMs }));
  });
}

/** How much longer the stretches that hold this time of the week last; 0 if none holds it. */
export function barredMs(stretches: readonly BarredStretch[], weekMs: number): number {
  return Math.max(0, ...stretches.map(({ startMs, lengthMs }) => lengthMs - modulo(weekMs - startMs, WEEK_MS)));
}

/** Whether the windows together leave no minute of the week in which a rotation could begin. */
export function barsWholeWeek(windows: readonly BlackoutWindow[]): boolean {
  const stretches = stretchesOf(windows);
  // Free time, if there is any, begins where some stretch ends.
  return (
    stretches.length > 0 && stretches.every(({ startMs, lengthMs }) => barredMs(stretches, startMs + lengthMs) > 0)
  );
}

function timeOfDayMs(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return (hours! * 60 + minutes!) * MINUTE_MS;
}

/** Never negative, unlike `%`. */
const modulo = (value: number, by: number): number => ((value % by) + by) % by;
