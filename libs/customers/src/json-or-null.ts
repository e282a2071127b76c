/** A value as a statement writes it to a JSON column; null for one that is not there. */
export const jsonOrNull = (value: unknown): string | null =>
  value === undefined || value === null ? null : JSON.stringify(value);
