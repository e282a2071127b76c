import type { NamedClient } from '@app/qlik';
import { isClientName } from './client-name.js';

/** Names that one intent remembers. */
const MAX_NAMES = 20;

/** What a list of the clients that bear our marker comes to. */
export interface ClientsLeft {
  /** Names of clients that seem to be made for this very customer and that no row records, the oldest client's first: a restored database has forgotten them. */
  names: string[];
  /** Clients of another installation, of a customer that a restored database has forgotten, or named by hand: never touched. */
  unrecognised: number;
}

/** Tells the clients that were left for the customer from those that rows record and those that are nobody's we know. Pure. */
export function sortOutClients(
  customerId: string,
  found: readonly NamedClient[],
  recordedNames: readonly string[],
): ClientsLeft {
  const unrecorded = found.filter(({ clientName }) => !recordedNames.includes(clientName)).sort(byAge);
  const ours = unrecorded.filter(({ clientName }) => isClientName(customerId, clientName));
  const names = [...new Set(ours.map(({ clientName }) => clientName))].slice(0, MAX_NAMES);
  return { names, unrecognised: unrecorded.filter(({ clientName }) => !names.includes(clientName)).length };
}

/** The oldest first, and among equals the smallest id: every process that looks comes to the same one. */
export function byAge(a: NamedClient, b: NamedClient): number {
  return a.createdAt.localeCompare(b.createdAt) || a.clientId.localeCompare(b.clientId);
}
