let lastMs = 0;
let sequence = 0;

/** An RFC 3339 time with nine decimals, as Qlik prints it; times made in the same millisecond still sort in the order they were made. */
export function timestamp(now: number): string {
  sequence = now === lastMs ? sequence + 1 : 0;
  lastMs = now;
  return new Date(now).toISOString().replace('Z', `${String(sequence).padStart(6, '0')}Z`);
}
