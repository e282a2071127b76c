import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../start-error.js';

const keyBytes = 32;

/** The key that signs access tokens: kept in `dataDir` with mode 0600, so that tokens outlive a restart, or new each time without one. */
export function signingKey(dataDir: string | undefined): Buffer {
  if (dataDir === undefined) return randomBytes(keyBytes);
  const path = join(dataDir, 'signing-key');
  if (!existsSync(path)) writeFileSync(path, randomBytes(keyBytes).toString('base64url'), { mode: 0o600, flag: 'wx' });
  const key = Buffer.from(readFileSync(path, 'utf8'), 'base64url');
  if (key.length !== keyBytes) throw new StartError(`${path} does not hold a signing key; remove it to get a new one.`);
  return key;
}
