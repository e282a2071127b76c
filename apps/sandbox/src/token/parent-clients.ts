import { hashSecret } from '../api/client-secret.js';
import { isPublicRegion, organisationHost, regionOf } from '../tenants/tenant-host.js';

/** An OAuth client id with its secret, as configured. */
export interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

interface KnownClient {
  clientId: string;
  hash: string;
}

/** The OEM's own clients: one for each region, and the organisation's, which works at its console alone. */
export class ParentClients {
  readonly #byRegion = new Map<string, KnownClient>();
  readonly #organisation: KnownClient | undefined;

  constructor(byRegion: Record<string, ClientCredentials>, organisation: ClientCredentials | undefined) {
    for (const [region, client] of Object.entries(byRegion)) this.#byRegion.set(region, known(client));
    this.#organisation = organisation === undefined ? undefined : known(organisation);
  }

  /** Whether this id and secret open the host: at a tenant of a region only that region's client does, at a host without one any. */
  admits(host: string, clientId: string, secret: string): boolean {
    const hash = hashSecret(secret);
    return this.#clientsFor(host).some((client) => client.clientId === clientId && client.hash === hash);
  }

  /** Whether the id is one of the clients that open the host. */
  knows(host: string, clientId: string): boolean {
    return this.#clientsFor(host).some((client) => client.clientId === clientId);
  }

  #clientsFor(host: string): KnownClient[] {
    if (host === organisationHost) return this.#organisation === undefined ? [] : [this.#organisation];
    const region = regionOf(host);
    if (region !== undefined && (this.#byRegion.has(region) || isPublicRegion(region))) {
      const client = this.#byRegion.get(region);
      return client === undefined ? [] : [client];
    }
    return [...this.#byRegion.values()];
  }
}

function known({ clientId, clientSecret }: ClientCredentials): KnownClient {
  return { clientId, hash: hashSecret(clientSecret) };
}
