/** What of an item of a batch only one customer can have. */
interface Claim {
  externalId: string;
  tenantHost: string;
  existingClient?: { clientId: string } | undefined;
}

/** The positions of the items of a batch: `free` ask for nothing that an earlier one asks for, `contested` do. Positions without a claim are in neither. */
export function findDuplicates(claims: readonly (Claim | undefined)[]): { free: number[]; contested: number[] } {
  const seen = new Set<string>();
  const free: number[] = [];
  const contested: number[] = [];
  for (const [position, claim] of claims.entries()) {
    if (claim === undefined) continue;
    const names = [`externalId ${claim.externalId}`, `tenantHost ${claim.tenantHost}`];
    if (claim.existingClient !== undefined) names.push(`client ${claim.existingClient.clientId}`);
    (names.some((name) => seen.has(name)) ? contested : free).push(position);
    for (const name of names) seen.add(name);
  }
  return { free, contested };
}
