import { createSecretKey } from 'node:crypto';
import type { LocalKey } from './local-key-provider.js';

/** A key list that is not usable; the message names the entry by its place, never its content. */
export class LocalKeysError extends Error {
  override readonly name = 'LocalKeysError';
}

const ID = /^[a-z0-9-]{1,32}$/;
const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/]{43}=$/;

/** Reads `id:base64 of 32 bytes`, comma-separated, newest first. Throws LocalKeysError. */
export function parseLocalKeys(text: string): LocalKey[] {
  const ids = new Set<string>();
  return text.split(',').map((entry, index) => {
    const place = `entry ${index + 1}`;
    const [id, value, ...rest] = entry.trim().split(':');
    if (id === undefined || value === undefined || rest.length > 0) {
      throw new LocalKeysError(`${place} must be <id>:<base64 of 32 bytes>`);
    }
    if (!ID.test(id)) throw new LocalKeysError(`${place} must have an id of 1 to 32 characters a-z, 0-9 and "-"`);
    if (ids.has(id)) throw new LocalKeysError(`${place} repeats the id "${id}"; each key needs its own`);
    if (!BASE64_OF_32_BYTES.test(value)) {
      throw new LocalKeysError(`${place} ("${id}") must have 32 bytes in base64: openssl rand -base64 32`);
    }
    ids.add(id);
    const bytes = Buffer.from(value, 'base64');
    const key = createSecretKey(bytes);
    bytes.fill(0);
    return { id, key };
  });
}
