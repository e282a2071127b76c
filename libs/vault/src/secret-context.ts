import type { KeyOwner } from './key-owner.js';

/** What a sealed secret is good for. */
export type SecretPurpose =
  'impersonation-client-secret' | 'existing-client-secret' | 'parent-client-secret' | 'webhook-secret';

/** Where a secret belongs. It opens with exactly the context it was sealed with: one moved to another row, version or customer stays shut. */
export interface SecretContext {
  owner: KeyOwner;
  /** The id of the row that holds it. */
  secretId: string;
  version: number;
  purpose: SecretPurpose;
}

/** A secret as it is stored: a compact JWE, and the data key that opens it. */
export interface SealedSecret {
  dataKeyId: string;
  sealed: string;
}
