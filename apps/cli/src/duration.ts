import { InvalidArgumentError } from 'commander';

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `30m`, `12h` or `90d` for an option: milliseconds, more than 0 and at most `maxMs`. */
export function durationUpTo(maxMs: number): (text: string) => number {
  return (text) => {
    const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
    const ms = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
    if (ms > 0 && ms <= maxMs) return ms;
    throw new InvalidArgumentError(`Give minutes, hours or days, such as 30m, 12h or 7d, and at most ${show(maxMs)}.`);
  };
}

function show(ms: number): string {
  return ms % UNIT_MS.d === 0 ? `${ms / UNIT_MS.d}d` : `${ms / UNIT_MS.h}h`;
}
