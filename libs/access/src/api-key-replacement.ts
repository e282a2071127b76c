import type { Secret } from '@app/platform';
import type { Scope } from './scopes.js';

/** How long the old key stays beside the new one unless somebody says otherwise: 7 days. */
export const API_KEY_DEFAULT_OVERLAP_MS = 7 * 86_400_000;

/** The longest that both may be active: 30 days. */
export const API_KEY_MAX_OVERLAP_MS = 30 * 86_400_000;

/** What somebody asks for who replaces an API key. */
export interface ApiKeyReplacementRequest {
  /** When the new key ends: at most `API_KEY_MAX_LIFETIME_MS` from now. */
  expiresAt: Date;
  /** After which the old key ends, if it has not by then: 0 to `API_KEY_MAX_OVERLAP_MS`. */
  overlapMs: number;
  actor: string;
  /** As for a new key: the scopes of the old one must be among them. */
  heldScopes?: readonly Scope[] | undefined;
}

/** A key that was just made: `key` cannot be had a second time. */
export interface CreatedApiKey {
  id: string;
  key: Secret;
  name: string;
  scopes: Scope[];
  createdAt: Date;
  expiresAt: Date;
}

/** A key that takes another one's place, and when that one ends. */
export interface ReplacingApiKey extends CreatedApiKey {
  replaces: { id: string; expiresAt: Date };
}
