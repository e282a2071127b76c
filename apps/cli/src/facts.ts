import { aligned } from './aligned.js';

/** The members of one thing as people read them, a line each. */
export const tellFacts = (thing: object): string =>
  aligned(Object.entries(thing).map(([name, value]) => [name, tell(value)]));

function tell(value: unknown): string {
  if (value === null) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
