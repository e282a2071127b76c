import type { OAuthClient } from '../api/oauth-client.js';
import type { ConsentMethod, Counters, Tenant } from './tenant.js';
import type { TenantSettings } from './tenant-settings.schema.js';

/** Everything that can happen to a tenant; memory and journal know no other way to change. */
export type Change =
  | { kind: 'client'; client: OAuthClient }
  | { kind: 'client-deleted'; clientId: string }
  | { kind: 'config'; clientId: string; consentMethod: ConsentMethod }
  | { kind: 'config-deleted'; clientId: string }
  | { kind: 'settings'; settings: TenantSettings }
  | { kind: 'counted' };

/** One line of the journal: a change to one tenant and what it adds to the counters. */
export interface JournalEntry {
  host: string;
  changes: Change[];
  counts: Partial<Counters>;
}

/** Makes the changes in memory; `secretsAtMost` follows the clients, all other counters follow `counts`. */
export function applyChanges(tenant: Tenant, changes: Change[], counts: Partial<Counters>): void {
  for (const change of changes) applyChange(tenant, change);
  for (const key of Object.keys(counts) as (keyof Counters)[]) {
    const by = counts[key] ?? 0;
    if (key === 'secretsAtMost') tenant.counters.secretsAtMost = Math.max(tenant.counters.secretsAtMost, by);
    else tenant.counters[key] += by;
  }
}

function applyChange(tenant: Tenant, change: Change): void {
  switch (change.kind) {
    case 'client': {
      const { client } = change;
      tenant.clients.set(client.clientId, client);
      tenant.counters.secretsAtMost = Math.max(tenant.counters.secretsAtMost, client.secrets.length);
      return;
    }
    case 'client-deleted':
      tenant.clients.delete(change.clientId);
      tenant.connectionConfigs.delete(change.clientId);
      return;
    case 'config':
      tenant.connectionConfigs.set(change.clientId, change.consentMethod);
      return;
    case 'config-deleted':
      tenant.connectionConfigs.delete(change.clientId);
      return;
    case 'settings':
      tenant.settings = change.settings;
      return;
    case 'counted':
      return;
  }
}
