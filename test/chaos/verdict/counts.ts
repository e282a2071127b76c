/** What is counted of a batch; everything but the first three must be zero. */
export interface Counts {
  accepted: number;
  injected: number;
  /** Runs that stopped and that an operator retried. */
  retried: number;
  unsettled: number;
  duplicateClients: number;
  orphanSecrets: number;
  deadStoredSecrets: number;
  foreignDeleted: number;
  auditBreaks: number;
  missingEvents: number;
  plaintext: number;
  /** Refusals of a token that a reader of the credentials was promised. */
  brokenConsumers: number;
  /** Secrets asked for, or made, beyond the five that a client can have. */
  sixthSecrets: number;
  /** Former secrets that still get a token. */
  livingRetired: number;
  /** POSTs that Qlik accepted, less those that there had to be. */
  extraPosts: number;
}

/** The counts that must be zero, with the heads of their columns. */
export const zeroCounts = {
  unsettled: 'unsettled',
  duplicateClients: 'duplicate clients',
  orphanSecrets: 'orphan secrets',
  deadStoredSecrets: 'stored secret fails',
  foreignDeleted: 'foreign deleted',
  auditBreaks: 'audit breaks',
  missingEvents: 'events missing',
  plaintext: 'plaintext',
  brokenConsumers: 'broken consumer',
  sixthSecrets: 'sixth secret',
  livingRetired: 'retired works',
  extraPosts: 'POSTs − N',
} as const satisfies Partial<Record<keyof Counts, string>>;

/** A count that must be zero. */
export type ZeroCount = keyof typeof zeroCounts;

/** No counts yet. */
export const noCounts = (): Counts => ({
  accepted: 0,
  injected: 0,
  retried: 0,
  unsettled: 0,
  duplicateClients: 0,
  orphanSecrets: 0,
  deadStoredSecrets: 0,
  foreignDeleted: 0,
  auditBreaks: 0,
  missingEvents: 0,
  plaintext: 0,
  brokenConsumers: 0,
  sixthSecrets: 0,
  livingRetired: 0,
  extraPosts: 0,
});

/** The sum of two batches. */
export function addCounts(a: Counts, b: Counts): Counts {
  const sum = noCounts();
  for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] = a[key] + b[key];
  return sum;
}

/** Whether a fault's counts are what they must be: it struck, and nothing came of it; only POSTs that a pause let slip are forgiven, up to their share. */
export function isClean(
  counts: Counts,
  { slipShare = 0, atLeast = 1 }: { slipShare?: number; atLeast?: number },
): boolean {
  if (counts.injected < atLeast) return false;
  return (Object.keys(zeroCounts) as ZeroCount[]).every(
    (key) =>
      counts[key] === 0 || (key === 'extraPosts' && counts[key] > 0 && counts[key] <= counts.accepted * slipShare),
  );
}
