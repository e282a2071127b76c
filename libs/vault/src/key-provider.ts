import type { KeyOwner } from './key-owner.js';

/** Which data key a wrapped one is: it unwraps with exactly what it was wrapped with. */
export interface DataKeyContext {
  dataKeyId: string;
  owner: KeyOwner;
}

/** A data key as it is stored, and the id of the key-encryption key that unwraps it. */
export interface WrappedDataKey {
  keyId: string;
  wrapped: string;
}

/** Holds the key-encryption keys, or talks to a service that does. */
export interface KeyProvider {
  /** The id of the key-encryption key that wraps from now on. */
  readonly currentKeyId: string;
  /** The ids of all key-encryption keys that unwrap, the current one among them. */
  readonly keyIds: readonly string[];
  /** Encrypts the 32 bytes of a data key; zeroing them is left to the caller. Throws VaultError `KEY_ENCRYPTION_KEY_UNUSABLE` when no retry can help. */
  wrap(dataKey: Buffer, context: DataKeyContext): Promise<WrappedDataKey>;
  /** Decrypts a data key; the caller zeroes it. Throws VaultError `DATA_KEY_UNREADABLE` when no retry can help. */
  unwrap(keyId: string, wrapped: string, context: DataKeyContext): Promise<Buffer>;
}

/** The injection token of the process's KeyProvider. */
export const KEY_PROVIDER = Symbol('KeyProvider');
