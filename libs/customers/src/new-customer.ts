import type { Secret } from '@app/platform';

/** When and how a customer's secrets are replaced. */
export interface RotationSettings {
  intervalSeconds?: number | undefined;
  graceSeconds?: number | undefined;
  jitterSeconds?: number | undefined;
  /** Times of day, in `timeZone`, in which no rotation begins. */
  blackout?: { from: string; to: string; days: string[] }[] | undefined;
  timeZone?: string | undefined;
  acknowledgement?: 'none' | 'read' | 'call' | undefined;
  deadlineSeconds?: number | undefined;
  force?: boolean | undefined;
}

/** An OAuth client that the OEM made at Qlik before it signs the customer up. */
export interface ExistingClient {
  clientId: string;
  /** One that works; without, one is minted. */
  clientSecret?: Secret | undefined;
}

/** What an OEM asks for when it signs up a customer: judged at the edge, stored as given. */
export interface NewCustomer {
  externalId: string;
  name: string;
  tenantHost: string;
  redirectUris: string[];
  allowedOrigins: string[];
  scopes: string[];
  verificationUser?: { field: 'userId' | 'subject'; value: string } | undefined;
  rotation?: RotationSettings | undefined;
  existingClient?: ExistingClient | undefined;
  metadata: Record<string, string>;
}

/** Whose request it is: `id` is what idempotency keys belong to, `actor` what the audit trail shows. */
export interface Caller {
  id: string;
  actor: string;
}
