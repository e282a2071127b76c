let aheadMs = 0;

/** Takes the time of an answer's `Date` header, so that ages are right on a machine whose clock is not. */
export function noteServerTime(date: string | null): void {
  const serverMs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(serverMs)) return;
  const differenceMs = serverMs - Date.now();
  // The header has whole seconds: less than two may be nothing but rounding and the way.
  aheadMs = Math.abs(differenceMs) < 2_000 ? 0 : differenceMs;
}

/** Now, by the server's clock, in milliseconds. */
export const serverNow = (): number => Date.now() + aheadMs;
