/** A time as lists show it, to the minute; `none` where there is no such time. */
export function minute(time: Date | string | null, none = 'never'): string {
  if (time === null) return none;
  return `${(typeof time === 'string' ? time : time.toISOString()).slice(0, 16)}Z`;
}
