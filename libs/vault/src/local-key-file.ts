import { randomBytes } from 'node:crypto';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigurationError } from '@app/platform';
import type { LocalKey } from './local-key-provider.js';
import { LocalKeysError, parseLocalKeys } from './local-keys.js';

/** The keys in a file that only its owner may read, made with one new key if it is absent; of several processes that start at once, one makes it. For development. Throws ConfigurationError. */
export async function ensureLocalKeyFile(path: string): Promise<LocalKey[]> {
  return (await readKeyFile(path)) ?? (await createKeyFile(path));
}

async function createKeyFile(path: string): Promise<LocalKey[]> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Written aside and linked into place: link() fails if the name exists, and nobody ever sees half a file.
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    try {
      await file.writeFile(`dev-${randomBytes(4).toString('hex')}:${randomBytes(32).toString('base64')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  const keys = await readKeyFile(path);
  if (keys === undefined)
    throw new ConfigurationError(`The key file "${path}" vanished while it was made; start again.`);
  return keys;
}

async function readKeyFile(path: string): Promise<LocalKey[] | undefined> {
  const file = await openIfPresent(path);
  if (file === undefined) return undefined;
  try {
    const status = await file.stat();
    if (!status.isFile())
      throw new ConfigurationError(`The key file "${path}" is not a file; move it away and start again.`);
    if ((status.mode & 0o077) !== 0) {
      throw new ConfigurationError(
        `The key file "${path}" can be read or written by others than its owner; run: chmod 600 ${path}`,
      );
    }
    return parseLocalKeys((await file.readFile('utf8')).trim());
  } catch (error) {
    if (!(error instanceof LocalKeysError)) throw error;
    throw new ConfigurationError(`The key file "${path}" is not usable: ${error.message}.`);
  } finally {
    await file.close();
  }
}

async function openIfPresent(path: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
