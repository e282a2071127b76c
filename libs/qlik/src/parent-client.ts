import type { Secret } from '@app/platform';

/** The OEM's client of one region, which lets us into its tenants. */
export interface ParentClient {
  clientId: string;
  clientSecret: Secret;
}

/** Parent clients by region, e.g. `{ eu: … }`. */
export type ParentClients = Readonly<Record<string, ParentClient>>;

/** A parent client that can be replaced while the process runs. */
export interface SourcedParentClient extends ParentClient {
  /** Differs whenever the client was replaced, also where its id stays. */
  version: string;
}

/** Where parent clients come from that can be replaced while the process runs. */
export interface ParentClientSource {
  /** The region's client, undefined if there is none; with `fresh` as it is at this moment, else perhaps as it was seconds ago. */
  find(region: string, options?: { fresh?: boolean }): Promise<SourcedParentClient | undefined>;
  /** Told each time that a call goes out with this version of the region's client. */
  noteUse(region: string, version: string): void;
}
