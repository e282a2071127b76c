import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseConfig, processSettings } from '@app/platform';
import { ensureLocalKeyFile } from './local-key-file.js';
import { openKeyProvider, vaultSettings } from './vault.config.js';

const ARN = 'arn:aws:kms:eu-west-1:123456789012:key/0198c0de-0000-7000-8000-000000000001';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vault-'));
});
afterEach(() => rm(folder, { recursive: true }));

const parse = (env: NodeJS.ProcessEnv) =>
  parseConfig({ NODE_ENV: processSettings.NODE_ENV, ...vaultSettings }, { DATA_DIR: folder, ...env });
const value = () => randomBytes(32).toString('base64');

describe('vaultSettings', () => {
  it('reads keys, newest first', async () => {
    const config = parse({ LOCAL_KEYS: `key-2:${value()}, key-1:${value()}` });
    expect(config.LOCAL_KEYS?.map(({ id }) => id)).toEqual(['key-2', 'key-1']);
    expect((await openKeyProvider(config)).currentKeyId).toBe('key-2');
  });

  it('reads keys from a file', async () => {
    await writeFile(join(folder, 'keys'), `key-1:${value()}\n`);
    expect(parse({ LOCAL_KEYS_FILE: join(folder, 'keys') }).LOCAL_KEYS?.[0]?.id).toBe('key-1');
  });

  it.each<[string, string]>([
    ['c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0', 'LOCAL_KEYS: entry 1 must be <id>:<base64 of 32 bytes>'],
    [`a:b:c2VjcmV0`, 'entry 1 must be <id>:<base64 of 32 bytes>'],
    [`Key:${value()}`, 'entry 1 must have an id of 1 to 32 characters'],
    [`${'k'.repeat(33)}:${value()}`, 'entry 1 must have an id of 1 to 32 characters'],
    [`key-1:${value()},key-1:${value()}`, 'entry 2 repeats the id "key-1"'],
    ['key-1:c2VjcmV0', 'entry 1 ("key-1") must have 32 bytes in base64: openssl rand -base64 32'],
    [`key-1:${value().replace('=', '')}`, 'entry 1 ("key-1") must have 32 bytes'],
    [`key-1:${value()},`, 'entry 2 must be'],
  ])('refuses %s without showing it', (text, message) => {
    const attempt = () => parse({ LOCAL_KEYS: text });
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow('c2VjcmV0');
  });

  it('says that another key provider is not supported', () => {
    expect(() => parse({ KEY_PROVIDER: 'vault' })).toThrow('KEY_PROVIDER: must be "local" or "aws-kms"');
  });

  it('reads keys of AWS KMS, newest first', () => {
    const ids = [ARN, ARN.replace('key/', 'alias/'), 'alias/vault', '0198c0de-0000-7000-8000-000000000001'];
    expect(parse({ AWS_KMS_KEY_IDS: ids.join(', ') }).AWS_KMS_KEY_IDS).toEqual(ids);
  });

  it.each<[string, string]>([
    ['hunter2', 'AWS_KMS_KEY_IDS: entry 1 must be the ARN of a key or an alias, alias/<name>, or a key id'],
    [`${ARN},`, 'entry 2 must be'],
    [ARN.replace(':kms:', ':s3:'), 'entry 1 must be'],
    [`${ARN},alias/vault,${ARN}`, 'entry 3 repeats entry 1'],
    [`${ARN},${ARN.replace('eu-west-1', 'us-east-1')}`, 'the ARNs must all be of one region'],
  ])('refuses the keys %s without showing them', (text, message) => {
    const attempt = () => parse({ AWS_KMS_KEY_IDS: text });
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow('hunter2');
  });

  it('reads an endpoint only as a URL of http', () => {
    expect(() => parse({ AWS_ENDPOINT_URL_KMS: 'ftp://kms' })).toThrow('AWS_ENDPOINT_URL_KMS: must be a URL');
  });
});

describe('openKeyProvider', () => {
  it('refuses production without a key, and shows how to make one', async () => {
    await expect(openKeyProvider(parse({ NODE_ENV: 'production' }))).rejects.toThrow('openssl rand -base64 32');
    expect(await readdir(folder)).toEqual([]);
  });

  it('needs keys of AWS KMS where they are to wrap, and no local one then, even in production', async () => {
    const kms = { NODE_ENV: 'production', KEY_PROVIDER: 'aws-kms' };
    await expect(openKeyProvider(parse(kms))).rejects.toThrow('AWS_KMS_KEY_IDS: is missing');
    const provider = await openKeyProvider(parse({ ...kms, AWS_KMS_KEY_IDS: ARN }));
    expect([provider.currentKeyId, provider.keyIds]).toEqual([ARN, [ARN]]);
  });

  it('wraps with the provider that is named and unwraps with both, so that an installation can move', async () => {
    const both = { LOCAL_KEYS: `key-1:${value()}`, AWS_KMS_KEY_IDS: ARN };
    const [local, kms] = await Promise.all(
      ['local', 'aws-kms'].map((KEY_PROVIDER) => openKeyProvider(parse({ ...both, KEY_PROVIDER }))),
    );
    expect([local?.currentKeyId, local?.keyIds]).toEqual(['key-1', ['key-1', ARN]]);
    expect([kms?.currentKeyId, kms?.keyIds]).toEqual([ARN, [ARN, 'key-1']]);
    const context = { dataKeyId: 'd1', owner: { kind: 'customer' as const, id: 'c1' } };
    const { keyId, wrapped } = await local!.wrap(Buffer.alloc(32, 7), context);
    expect(await kms!.unwrap(keyId, wrapped, context)).toEqual(Buffer.alloc(32, 7));
    const attempt = kms!.unwrap('key-2', wrapped, context);
    await expect(attempt).rejects.toThrow('Add "key-2" to LOCAL_KEYS again and restart.');
  });

  it('uses the same key file again in development', async () => {
    const context = { dataKeyId: 'd1', owner: { kind: 'customer' as const, id: 'c1' } };
    const first = await openKeyProvider(parse({ DATA_DIR: join(folder, 'data') }));
    const second = await openKeyProvider(parse({ DATA_DIR: join(folder, 'data') }));
    const { keyId, wrapped } = await first.wrap(Buffer.alloc(32, 7), context);
    expect(await second.unwrap(keyId, wrapped, context)).toEqual(Buffer.alloc(32, 7));
  });
});

describe('ensureLocalKeyFile', () => {
  it('makes one file that only its owner may read, however many start at once', async () => {
    const path = join(folder, 'new', 'local-keys');
    const starts = await Promise.all(Array.from({ length: 20 }, () => ensureLocalKeyFile(path)));
    expect(new Set(starts.map(([key]) => key?.key.export().toString('hex'))).size).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'new'))).toEqual(['local-keys']);
  });

  it.each([0o640, 0o604, 0o620, 0o602])('refuses a file with mode %o', async (mode) => {
    const path = join(folder, 'local-keys');
    await ensureLocalKeyFile(path);
    await chmod(path, mode);
    await expect(ensureLocalKeyFile(path)).rejects.toThrow(`chmod 600 ${path}`);
  });

  it('refuses a file whose content is no key, without showing it', async () => {
    const path = join(folder, 'local-keys');
    await writeFile(path, 'hunter2', { mode: 0o600 });
    const attempt = ensureLocalKeyFile(path);
    await expect(attempt).rejects.toThrow(`The key file "${path}" is not usable: entry 1 must be`);
    await expect(attempt).rejects.not.toThrow('hunter2');
  });

  it('refuses a folder', async () => {
    await mkdir(join(folder, 'local-keys'), { mode: 0o700 });
    await expect(ensureLocalKeyFile(join(folder, 'local-keys'))).rejects.toThrow('is not a file');
  });
});
