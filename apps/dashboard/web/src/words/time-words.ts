const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** How long before or after `nowMs` an instant is: "3 minutes ago". */
export function tellRelative(instant: string, nowMs: number): string {
  const differenceMs = Date.parse(instant) - nowMs;
  for (const [unit, unitMs] of units) {
    if (Math.abs(differenceMs) >= unitMs) return relative.format(Math.trunc(differenceMs / unitMs), unit);
  }
  return 'just now';
}

/** A span that somebody has set, in the greatest unit that leaves no rest: "90 days", "36 hours". */
export function tellSpan(ms: number): string {
  const whole = units.find(([, unitMs]) => ms >= unitMs && ms % unitMs === 0);
  return whole === undefined ? tellDuration(ms) : inUnit(ms / whole[1], whole[0]);
}

/** How long something has lasted, in its greatest unit: "12 days". */
export function tellAge(ms: number): string {
  const unit = units.find(([, unitMs]) => ms >= unitMs);
  return unit === undefined ? 'less than a second' : inUnit(Math.trunc(ms / unit[1]), unit[0]);
}

const inUnit = (count: number, unit: string): string =>
  new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(count);

/** An instant to the second, in the reader's time zone. */
export const tellExact = (instant: string): string => exact.format(new Date(instant));

/** A duration in at most two units: "850 ms", "3.2 s", "4 min 10 s". */
export function tellDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
