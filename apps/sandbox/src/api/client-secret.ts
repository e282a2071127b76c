import { createHash, randomBytes } from 'node:crypto';
import { QlikError } from '../qlik-error.js';
import { timestamp } from '../timestamp.js';
import type { OAuthClient } from './oauth-client.js';

/** A client holds at most this many secrets (qlik.dev, OAuth clients API, POST client-secrets). */
export const secretsPerClient = 5;

/** One secret of a client; of the secret itself only the hash is kept. */
export interface StoredSecret {
  hash: string;
  /** Five characters of the hash, so that it tells nothing of the secret; how Qlik makes it is not documented. */
  hint: string;
  createdAt: string;
  createdAtMs: number;
  /** The id of the user that asked for it. */
  createdBy: string;
}

/** A secret just made: the one moment at which its plaintext exists here. */
export interface MintedSecret {
  plaintext: string;
  stored: StoredSecret;
}

/** SHA-256 in hex: how a secret is stored and compared. */
export function hashSecret(plaintext: string): string {
  return createHash('sha256').update(plaintext).digest('hex');
}

/** A new secret of 64 hex characters, whose hint differs from all `taken` ones; with `sameHint` it equals the first of them. */
export function mintSecret(taken: StoredSecret[], createdBy: string, now: number, sameHint: boolean): MintedSecret {
  for (;;) {
    const plaintext = randomBytes(32).toString('hex');
    const hash = hashSecret(plaintext);
    const collision = sameHint ? taken[0]?.hint : undefined;
    const hint = collision ?? hash.slice(0, 5);
    if (collision === undefined && taken.some((secret) => secret.hint === hint)) continue;
    return { plaintext, stored: { hash, hint, createdAt: timestamp(now), createdAtMs: now, createdBy } };
  }
}

/** Whether the secret opens the client now: neither too new (`propagationMs`) nor deleted, but for the time a deletion takes to bite. */
export function acceptsSecret(client: OAuthClient, plaintext: string, now: number, propagationMs: number): boolean {
  const hash = hashSecret(plaintext);
  const current = client.secrets.some((secret) => secret.hash === hash && secret.createdAtMs + propagationMs <= now);
  return current || client.dyingSecrets.some((secret) => secret.hash === hash && secret.untilMs > now);
}

/** 409 for a sixth secret. */
export function tooManySecrets(): QlikError {
  return new QlikError(409, 'HTTP-409', 'Conflict', `The max number of client secrets is ${secretsPerClient}`);
}
