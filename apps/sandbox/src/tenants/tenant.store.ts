import type { OAuthClient } from '../api/oauth-client.js';
import { notFound } from '../qlik-error.js';
import { applyChanges, type Change, type JournalEntry } from './tenant.change.js';
import type { Journal } from './tenant.journal.js';
import { regionOf } from './tenant-host.js';
import { newTenant, type Counters, type Tenant } from './tenant.js';

/** A client and the tenant that made it, which is another one where the client was published. */
export interface FoundClient {
  client: OAuthClient;
  owner: Tenant;
}

/** Every tenant of this sandbox, and the one place that changes them: the journal first, then memory. */
export class TenantStore {
  readonly #tenants = new Map<string, Tenant>();
  readonly #ownerOfPublished = new Map<string, Tenant>();
  #journal: Journal | undefined;

  /** With a journal, its entries are replayed and every later commit is appended to it. */
  constructor(journal?: Journal) {
    if (journal === undefined) return;
    for (const entry of journal.read()) this.#apply(this.tenant(entry.host), entry.changes, entry.counts);
    journal.rewrite(this.#snapshot());
    this.#journal = journal;
  }

  /** The tenant at this host, made on first use. */
  tenant(host: string): Tenant {
    let tenant = this.#tenants.get(host);
    if (tenant === undefined) {
      tenant = newTenant(host);
      this.#tenants.set(host, tenant);
    }
    return tenant;
  }

  /** The tenant at this host, or undefined if nobody used it yet. */
  find(host: string): Tenant | undefined {
    return this.#tenants.get(host);
  }

  /** All tenants in the order of their first use. */
  all(): Iterable<Tenant> {
    return this.#tenants.values();
  }

  /** Makes the changes as one: on disk before in memory, so that a reply never tells what a kill could undo. */
  commit(tenant: Tenant, changes: Change[], counts: Partial<Counters> = {}): void {
    this.#journal?.append({ host: tenant.host, changes, counts });
    this.#apply(tenant, changes, counts);
  }

  /** The tenant's own client, or one that was published in its region; undefined if there is neither. */
  findClient(tenant: Tenant, clientId: string): FoundClient | undefined {
    const own = tenant.clients.get(clientId);
    if (own !== undefined) return { client: own, owner: tenant };
    const region = regionOf(tenant.host);
    const owner = region === undefined ? undefined : this.#ownerOfPublished.get(`${region}/${clientId}`);
    const client = owner?.clients.get(clientId);
    return owner === undefined || client === undefined ? undefined : { client, owner };
  }

  /** As findClient, but 404 if there is none. */
  getClient(tenant: Tenant, clientId: string): FoundClient {
    const found = this.findClient(tenant, clientId);
    if (found === undefined) throw notFound(`OAuth client '${clientId}' was not found`);
    return found;
  }

  /** The client that this tenant made: 404 if there is none, as for a published one of another tenant. */
  getOwnClient(tenant: Tenant, clientId: string): OAuthClient {
    const client = tenant.clients.get(clientId);
    if (client === undefined) throw notFound(`OAuth client '${clientId}' was not found`);
    return client;
  }

  #apply(tenant: Tenant, changes: Change[], counts: Partial<Counters>): void {
    applyChanges(tenant, changes, counts);
    const region = regionOf(tenant.host);
    if (region === undefined) return;
    for (const change of changes) {
      if (change.kind !== 'client' || change.client.publishedAt === undefined) continue;
      this.#ownerOfPublished.set(`${region}/${change.client.clientId}`, tenant);
    }
  }

  *#snapshot(): Generator<JournalEntry> {
    for (const tenant of this.#tenants.values()) {
      const changes: Change[] = [{ kind: 'settings', settings: tenant.settings }];
      for (const client of tenant.clients.values()) changes.push({ kind: 'client', client });
      for (const [clientId, consentMethod] of tenant.connectionConfigs) {
        changes.push({ kind: 'config', clientId, consentMethod });
      }
      yield { host: tenant.host, changes, counts: tenant.counters };
    }
  }
}
