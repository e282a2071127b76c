import { randomBytes } from 'node:crypto';

/** The marker by which a person at Qlik sees whose client it is, and by which we find it again. */
export const CLIENT_MARKER = 'tenant-provisioner';

/** What the names of every client begin with that we make, of whatever customer. */
export const CLIENT_PREFIX = `${CLIENT_MARKER}/`;

/** What the names of all clients of one customer begin with. */
function customerPrefix(customerId: string): string {
  return `${CLIENT_PREFIX}${customerId}/`;
}

/** A name that nobody can guess: whatever bears it was made by the run that committed it. 128 bits, at most 512 characters (Qlik's limit). */
export function newClientName(customerId: string): string {
  return `${customerPrefix(customerId)}${randomBytes(16).toString('hex')}`;
}

/** Whether a name is of the very form that we give to clients of this customer; what somebody at the tenant writes by hand after the same beginning is not. */
export function isClientName(customerId: string, name: string): boolean {
  const prefix = customerPrefix(customerId);
  return name.startsWith(prefix) && /^[0-9a-f]{32}$/.test(name.slice(prefix.length));
}

/** Tells a person in Qlik's console what the client is for. */
export function clientDescription(customerId: string): string {
  return `Made and kept by ${CLIENT_MARKER} for customer ${customerId}: impersonates the tenant's users. Do not rename, change or delete it by hand.`;
}
