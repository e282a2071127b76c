import { createHash } from 'node:crypto';
import type { OAuthClient } from '../api/oauth-client.js';
import type { OperationName } from '../operation.js';
import { RateTier } from '../rate-tier.js';
import { defaultSettings, type TenantSettings, type User } from './tenant-settings.schema.js';

/** What a tenant has seen since its first use; kept over a restart. */
export interface Counters {
  clientsCreated: number;
  clientsDeleted: number;
  secretsCreated: number;
  secretsDeleted: number;
  /** The highest number of secrets that one client ever held. */
  secretsAtMost: number;
  refusedSixthSecrets: number;
  tokensMinted: number;
  /** Tokens minted for another tenant and presented here. */
  foreignTokens: number;
}

/** How a tenant consents to a client: users are asked (`required`), or the administrator answers for them (`trusted`). */
export type ConsentMethod = 'required' | 'trusted';

/** One Qlik Cloud tenant, or the organisation, which keeps its clients in the same way. */
export interface Tenant {
  host: string;
  /** The id that the filter attribute `tenantId` compares with; derived from the host. */
  tenantId: string;
  settings: TenantSettings;
  clients: Map<string, OAuthClient>;
  /** Consent per client id; a published client of another tenant has its own entry here. */
  connectionConfigs: Map<string, ConsentMethod>;
  counters: Counters;
  /** Requests per operation since this process started. */
  requests: Partial<Record<OperationName, number>>;
  tiers: { 1: RateTier; 2: RateTier };
}

/** Counters at zero. */
export function noCounts(): Counters {
  return {
    clientsCreated: 0,
    clientsDeleted: 0,
    secretsCreated: 0,
    secretsDeleted: 0,
    secretsAtMost: 0,
    refusedSixthSecrets: 0,
    tokensMinted: 0,
    foreignTokens: 0,
  };
}

/** A tenant as it is on first use: no client, one demo user. */
export function newTenant(host: string): Tenant {
  return {
    host,
    tenantId: createHash('sha256').update(`tenant ${host}`).digest('base64url').slice(0, 32),
    settings: defaultSettings,
    clients: new Map(),
    connectionConfigs: new Map(),
    counters: noCounts(),
    requests: {},
    tiers: { 1: new RateTier(), 2: new RateTier() },
  };
}

/** A 24-hex user id, always the same for the same host and name. */
export function userIdFor(host: string, name: string): string {
  return createHash('sha256').update(`user ${name} ${host}`).digest('hex').slice(0, 24);
}

/** The users of the tenant: those configured, else the demo user with subject `demo`. */
export function usersOf(tenant: Tenant): User[] {
  return (
    tenant.settings.users ?? [{ id: userIdFor(tenant.host, 'demo'), subject: 'demo', email: `demo@${tenant.host}` }]
  );
}
