import { createHash, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type CompactJWEHeaderParameters, CompactEncrypt, compactDecrypt, decodeProtectedHeader, errors } from 'jose';
import type { VaultCheck } from './vault-error.js';

/** Where an envelope belongs: a label of its kind, then what names its place. */
export type EnvelopeContext = readonly [label: string, ...place: (string | number)[]];

/** An envelope that does not open, and the check that refused. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';

  constructor(readonly check: Extract<VaultCheck, 'form' | 'key-id' | 'context' | 'commitment' | 'content'>) {
    super(`The envelope does not open: the check "${check}" refused.`);
  }
}

/**
 * Encrypts `plaintext` as a compact JWE (RFC 7516, `dir` with A256GCM) that opens with the same key, key id and context only.
 * The JWE's key is derived from `key` and the context (HKDF-SHA256, RFC 5869), so that each envelope has its own; the protected header carries
 * `ctx`, the SHA-256 of the context, and `com`, a value derived from the same key that commits to it: GCM alone can open under two keys.
 * It computes and does no input or output. `key` has 32 bytes; `salt` separates envelopes under one key.
 */
export async function closeEnvelope(
  key: KeyObject,
  keyId: string,
  salt: string,
  context: EnvelopeContext,
  plaintext: Uint8Array,
): Promise<string> {
  const parts = derive(key, keyId, salt, context);
  try {
    return await new CompactEncrypt(plaintext)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keyId, ctx: parts.contextDigest, com: parts.commitment })
      .encrypt(parts.contentKey);
  } finally {
    parts.contentKey.fill(0);
  }
}

/** Opens what `closeEnvelope` made. Every check comes before decryption but the last. Throws EnvelopeError; the caller zeroes what it gets. */
export async function openEnvelope(
  key: KeyObject,
  keyId: string,
  salt: string,
  context: EnvelopeContext,
  envelope: string,
): Promise<Buffer> {
  const header = readHeader(envelope);
  if (header.kid !== keyId) throw new EnvelopeError('key-id');
  const parts = derive(key, keyId, salt, context);
  try {
    if (!isEqual(header.ctx, parts.contextDigest)) throw new EnvelopeError('context');
    if (!isEqual(header.com, parts.commitment)) throw new EnvelopeError('commitment');
    const { plaintext } = await compactDecrypt(envelope, parts.contentKey, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  } catch (error) {
    if (error instanceof errors.JWEDecryptionFailed) throw new EnvelopeError('content');
    if (error instanceof errors.JOSEError) throw new EnvelopeError('form');
    throw error;
  } finally {
    parts.contentKey.fill(0);
  }
}

interface EnvelopeHeader {
  kid: string;
  ctx: string;
  com: string;
}

const MEMBERS = ['alg', 'com', 'ctx', 'enc', 'kid'];

function readHeader(envelope: string): EnvelopeHeader {
  let header: CompactJWEHeaderParameters & Record<string, unknown>;
  try {
    header = decodeProtectedHeader(envelope) as typeof header;
  } catch {
    throw new EnvelopeError('form');
  }
  const { kid, ctx, com } = header;
  const exact =
    Object.keys(header).sort().join() === MEMBERS.join() && header.alg === 'dir' && header.enc === 'A256GCM';
  if (!exact || typeof kid !== 'string' || typeof ctx !== 'string' || typeof com !== 'string') {
    throw new EnvelopeError('form');
  }
  return { kid, ctx, com };
}

function derive(key: KeyObject, keyId: string, salt: string, context: EnvelopeContext) {
  const digest = createHash('sha256')
    .update(JSON.stringify([...context, keyId]))
    .digest();
  const expand = (use: string) =>
    Buffer.from(hkdfSync('sha256', key, salt, Buffer.concat([Buffer.from(`${use}\0`), digest]), 32));
  return {
    contextDigest: digest.toString('base64url'),
    contentKey: expand('content key'),
    commitment: expand('commitment').toString('base64url'),
  };
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
