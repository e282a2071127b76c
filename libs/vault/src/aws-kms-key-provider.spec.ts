import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AWS_SURROUNDINGS, type KmsFault, type KmsStandIn, startKmsStandIn } from '../../../test/kms-stand-in.js';
import type { AwsKmsKeyProvider } from './aws-kms-key-provider.js';
import type { DataKeyContext } from './key-provider.js';
import { type AwsKmsOptions, openAwsKms } from './open-aws-kms.js';

const context: DataKeyContext = { dataKeyId: 'd1', owner: { kind: 'customer', id: 'c1' } };
const dataKey = Buffer.alloc(32, 'DATA-KEY');

let kms: KmsStandIn;
let arn: string;

beforeAll(async () => {
  kms = await startKmsStandIn();
});
afterAll(() => kms.stop());
beforeEach(() => {
  arn = kms.createKey();
  kms.requests.length = 0;
  Object.assign(process.env, AWS_SURROUNDINGS);
});
afterEach(() => {
  kms.fail('503', 0);
  for (const name of [...Object.keys(AWS_SURROUNDINGS), 'AWS_REGION', 'AWS_ENDPOINT_URL']) delete process.env[name];
});

const open = (keyIds: string[], options: Partial<AwsKmsOptions> = {}): Promise<AwsKmsKeyProvider> =>
  openAwsKms({ keyIds, endpoint: kms.url, httpsOnly: false, requestTimeoutMs: 200, ...options });
const refusal = async (attempt: Promise<unknown>) => {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  // Whatever is kept of an error may be logged.
  const shown = inspect(error, { depth: 9, showHidden: true });
  for (const encoding of ['utf8', 'base64', 'hex'] as const)
    expect(shown).not.toContain(dataKey.toString(encoding).slice(0, 8));
  return error as { code: string; check: string; message: string; retryAfterSeconds?: number };
};

describe('AwsKmsKeyProvider', () => {
  it('wraps with the first key, unwraps with every one, and names a key by the ARN that AWS KMS gives', async () => {
    const before = await (await open([arn])).wrap(dataKey, context);
    const newer = kms.createKey();
    const provider = await open([newer, arn]);
    const after = await provider.wrap(dataKey, context);
    expect([before.keyId, after.keyId, provider.currentKeyId]).toEqual([arn, newer, newer]);
    expect(provider.keyIds).toEqual([newer, arn]);
    expect(await provider.unwrap(before.keyId, before.wrapped, context)).toEqual(dataKey);
    expect(await provider.unwrap(after.keyId, after.wrapped, context)).toEqual(dataKey);
    expect(kms.requests.map(({ accessKeyId }) => accessKeyId)).toEqual(Array(4).fill('AKIATEST'));
  });

  it('finds out which key an alias is when it is opened, and keeps to it', async () => {
    process.env.AWS_REGION = kms.region;
    kms.setAlias('alias/vault', arn);
    const provider = await open(['alias/vault']);
    kms.setAlias('alias/vault', kms.createKey());
    const { keyId, wrapped } = await provider.wrap(dataKey, context);
    expect([keyId, provider.currentKeyId]).toEqual([arn, arn]);
    expect(await provider.unwrap(keyId, wrapped, context)).toEqual(dataKey);
  });

  it.each<[string, DataKeyContext]>([
    ['data key', { ...context, dataKeyId: 'd2' }],
    ['kind of owner', { ...context, owner: { kind: 'endpoint', id: 'c1' } }],
    ['owner', { ...context, owner: { kind: 'customer', id: 'c2' } }],
  ])('does not unwrap for another %s', async (_what, other) => {
    const provider = await open([arn]);
    const { keyId, wrapped } = await provider.wrap(dataKey, context);
    expect(await refusal(provider.unwrap(keyId, wrapped, other))).toMatchObject({
      code: 'DATA_KEY_UNREADABLE',
      check: 'wrapped-key',
    });
  });

  it.each<[string, (wrapped: string) => string]>([
    ['changed', (wrapped) => `${wrapped.slice(0, -8)}AAAAAAA=`],
    ['no ciphertext', () => 'text'],
    ['empty', () => ''],
  ])('does not unwrap what is %s', async (_what, change) => {
    const provider = await open([arn]);
    const { keyId, wrapped } = await provider.wrap(dataKey, context);
    expect(await refusal(provider.unwrap(keyId, change(wrapped), context))).toMatchObject({
      code: 'DATA_KEY_UNREADABLE',
      check: 'wrapped-key',
    });
  });

  it('does not unwrap what another of its keys wrapped, nor what is no data key', async () => {
    const other = kms.createKey();
    const provider = await open([arn, other]);
    const { wrapped } = await provider.wrap(dataKey, context);
    expect(await refusal(provider.unwrap(other, wrapped, context))).toMatchObject({ check: 'wrapped-key' });
    const short = await provider.wrap(dataKey.subarray(1), context);
    expect(await refusal(provider.unwrap(arn, short.wrapped, context))).toMatchObject({ check: 'wrapped-key' });
  });

  it('does not ask AWS KMS for a key that is not configured, whatever a row names', async () => {
    const foreign = kms.createKey();
    const { keyId, wrapped } = await (await open([foreign])).wrap(dataKey, context);
    kms.requests.length = 0;
    const error = await refusal((await open([arn])).unwrap(keyId, wrapped, context));
    expect(error).toMatchObject({ code: 'DATA_KEY_UNREADABLE', check: 'key-encryption-key' });
    expect(error.message).toContain(`Add "${foreign}" to AWS_KMS_KEY_IDS again and restart.`);
    expect(kms.requests).toEqual([]);
  });

  it.each<[string, () => void]>([
    ['is disabled', () => kms.setState(arn, 'Disabled')],
    ['is about to be deleted', () => kms.setState(arn, 'PendingDeletion')],
    ['may not be used by us', () => (kms.deny(arn, 'Encrypt'), kms.deny(arn, 'Decrypt'))],
  ])('says at once that no retry helps when the key %s', async (_what, change) => {
    const provider = await open([arn]);
    const { keyId, wrapped } = await provider.wrap(dataKey, context);
    change();
    kms.requests.length = 0;
    const [wrap, unwrap] = [
      await refusal(provider.wrap(dataKey, context)),
      await refusal(provider.unwrap(keyId, wrapped, context)),
    ];
    expect(wrap).toMatchObject({ code: 'KEY_ENCRYPTION_KEY_UNUSABLE', check: 'key-encryption-key-refused' });
    expect(wrap.message).toMatch(new RegExp(`"${arn}" does not wrap data keys: \\w+Exception. Enable the key`));
    expect(unwrap).toMatchObject({ code: 'DATA_KEY_UNREADABLE', check: 'key-encryption-key-refused' });
    expect(unwrap.message).toContain('its service refuses the use of the key-encryption key. Enable the key');
    expect(kms.requests).toHaveLength(2);
  });

  it.each<[KmsFault, string]>([
    ['503', 'HTTP 503'],
    ['ThrottlingException', 'ThrottlingException'],
    ['KMSInternalException', 'KMSInternalException'],
    // The SDK does not know Node's own errors by their class here, as each test file has classes of its own.
    ['reset', 'Error'],
    ['hang', 'ETIMEDOUT'],
    ['truncate', 'SyntaxError'],
    ['garble', 'SyntaxError'],
  ])(
    'says that it passes when AWS KMS answers with %s every time, names the service, and shows nothing of an answer',
    async (fault, name) => {
      const provider = await open([arn]);
      const { keyId, wrapped } = await provider.wrap(dataKey, context);
      kms.fail(fault);
      for (const attempt of [() => provider.wrap(dataKey, context), () => provider.unwrap(keyId, wrapped, context)]) {
        const error = await refusal(attempt());
        expect(error).toMatchObject({ code: 'KEY_PROVIDER_UNAVAILABLE', retryAfterSeconds: 5 });
        expect(error.message).toContain(
          `AWS KMS in "eu-west-1", which holds the key-encryption keys, did not do what it was asked (${name})`,
        );
      }
    },
  );

  it.each<KmsFault>(['503', 'ThrottlingException', 'reset', 'hang'])(
    'tries again by itself after %s',
    async (fault) => {
      const provider = await open([arn]);
      kms.fail(fault, 1);
      const { keyId, wrapped } = await provider.wrap(dataKey, context);
      expect(await provider.unwrap(keyId, wrapped, context)).toEqual(dataKey);
    },
  );

  it('gives up on an answer that begins and never ends', async () => {
    const provider = await open([arn], { answerWithinMs: 300 });
    const { keyId, wrapped } = await provider.wrap(dataKey, context);
    kms.fail('stall');
    const error = await refusal(provider.unwrap(keyId, wrapped, context));
    expect(error).toMatchObject({ code: 'KEY_PROVIDER_UNAVAILABLE' });
    expect(error.message).toMatch(/\((AbortError|TimeoutError)\)/);
  });

  it('says that it passes when there are no credentials, which may be those of a role that come late', async () => {
    const provider = await open([arn]);
    delete process.env.AWS_ACCESS_KEY_ID;
    const error = await refusal(provider.wrap(dataKey, context));
    expect(error).toMatchObject({ code: 'KEY_PROVIDER_UNAVAILABLE' });
    expect(error.message).toContain('(CredentialsProviderError)');
  });
});

describe('openAwsKms', () => {
  it('needs nothing of AWS KMS for keys that are named by their ARN', async () => {
    expect((await open([arn])).currentKeyId).toBe(arn);
    expect(kms.requests).toEqual([]);
  });

  it('says which alias does not lead to a key', async () => {
    process.env.AWS_REGION = kms.region;
    await expect(open([arn, 'alias/none'])).rejects.toThrow(
      /AWS_KMS_KEY_IDS: AWS KMS in "eu-west-1" does not tell which key "alias\/none" is: NotFoundException/,
    );
  });

  it('throws what can be tried again when AWS KMS is away', async () => {
    process.env.AWS_REGION = kms.region;
    kms.setAlias('alias/vault', arn);
    kms.fail('503');
    expect(await refusal(open(['alias/vault']))).toMatchObject({ code: 'KEY_PROVIDER_UNAVAILABLE' });
  });

  it('needs a region where no ARN names one', async () => {
    await expect(open(['alias/vault'])).rejects.toThrow('AWS_REGION: is missing');
  });

  it('names the package that is not installed', async () => {
    const absent = Object.assign(new Error("Cannot find package '@aws-sdk/client-kms'"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    const attempt = openAwsKms({ keyIds: [arn], httpsOnly: false }, () => Promise.reject(absent));
    await expect(attempt).rejects.toThrow('npm install @aws-sdk/client-kms');
    await expect(attempt).rejects.toMatchObject({ name: 'ConfigurationError' });
  });

  it('sends no data key over a connection that is not https where that is refused, whoever named the endpoint', async () => {
    await expect(open([arn], { httpsOnly: true })).rejects.toThrow('AWS_ENDPOINT_URL_KMS: must be https');
    process.env.AWS_ENDPOINT_URL = kms.url;
    const provider = await open([arn], { httpsOnly: true, endpoint: undefined });
    await expect(provider.wrap(dataKey, context)).rejects.toThrow('AWS_ENDPOINT_URL_KMS: must be https');
    expect(kms.requests).toEqual([]);
  });
});
