import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { AuditTrail } from '@app/audit';
import { DatabaseModule, Secret } from '@app/platform';
import {
  KeyRotation,
  type LocalKey,
  openKeyProvider,
  type SealedSecret,
  type SecretContext,
  Vault,
  type VaultConfig,
  VaultModule,
} from '@app/vault';
import { AWS_SURROUNDINGS, type KmsStandIn, startKmsStandIn } from '../kms-stand-in.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

const local: LocalKey = { id: 'local', key: createSecretKey(randomBytes(32)) };

let test: TestDatabase;
let kms: KmsStandIn;
let arn: string;
let context: SecretContext;

beforeAll(async () => {
  test = await createTestDatabase();
  kms = await startKmsStandIn();
  Object.assign(process.env, AWS_SURROUNDINGS);
});
afterAll(async () => {
  for (const name of Object.keys(AWS_SURROUNDINGS)) delete process.env[name];
  await kms.stop();
  await test.close();
});
beforeEach(async () => {
  await test.database.client.dataKey.deleteMany();
  arn = kms.createKey();
  kms.requests.length = 0;
  const owner = { kind: 'customer' as const, id: randomUUID() };
  context = { owner, secretId: randomUUID(), version: 1, purpose: 'impersonation-client-secret' };
});
afterEach(() => kms.fail('503', 0));

const onKms = (config: Partial<VaultConfig> = {}): VaultConfig => ({
  NODE_ENV: 'test',
  KEY_PROVIDER: 'aws-kms',
  AWS_KMS_KEY_IDS: [arn],
  AWS_ENDPOINT_URL_KMS: kms.url,
  DATA_DIR: '',
  ...config,
});
const vaultWith = async (config: VaultConfig) =>
  new Vault(test.database, new AuditTrail(test.database), await openKeyProvider(config));
const sealWith = async (vault: Vault): Promise<SealedSecret> =>
  vault.seal(await vault.ensureDataKey(context.owner), new Secret('a secret'), context);
const start = (config: VaultConfig) =>
  NestFactory.createApplicationContext(
    {
      module: class TestModule {},
      imports: [DatabaseModule.forRoot({ url: test.url, maxConnections: 2 }), VaultModule.forRoot(config)],
    },
    { logger: false, abortOnError: false },
  );

describe('a vault on AWS KMS', () => {
  it('asks for a data key once for each process, and is bound to the customer', async () => {
    const vault = await vaultWith(onKms());
    const secret = await sealWith(vault);
    expect(kms.requests.map(({ operation }) => operation)).toEqual(['Encrypt', 'Decrypt']);
    expect((await vault.open(secret, context)).reveal()).toBe('a secret');
    expect(kms.requests).toHaveLength(2);
    await test.database.client.dataKey.updateMany({ data: { ownerId: randomUUID() } });
    const [moved] = await test.database.client.dataKey.findMany();
    const elsewhere = { ...context, owner: { kind: 'customer' as const, id: moved!.ownerId } };
    await expect(vault.open(secret, elsewhere)).rejects.toMatchObject({ check: 'wrapped-key' });
  });

  it('makes no data key when AWS KMS is away, and says that it passes', async () => {
    const vault = await vaultWith(onKms());
    kms.fail('503');
    await expect(vault.ensureDataKey(context.owner)).rejects.toMatchObject({ code: 'KEY_PROVIDER_UNAVAILABLE' });
    expect(await test.database.client.dataKey.count()).toBe(0);
  });

  it('takes over an installation from local keys, one data key after the other', async () => {
    const secret = await sealWith(await vaultWith(onKms({ KEY_PROVIDER: 'local', LOCAL_KEYS: [local] })));
    const moving = onKms({ LOCAL_KEYS: [local] });
    expect((await (await vaultWith(moving)).open(secret, context)).reveal()).toBe('a secret');
    const rotation = new KeyRotation(test.database, new AuditTrail(test.database), await openKeyProvider(moving));
    expect(await rotation.rotate({ actor: 'cli' })).toEqual({ current: arn, rewrapped: 1, remaining: 0, failures: [] });
    expect((await (await vaultWith(onKms())).open(secret, context)).reveal()).toBe('a secret');
    const { events } = await new AuditTrail(test.database).list({ customerId: context.owner.id, limit: 1 });
    expect(events[0]?.data).toEqual({ keyEncryptionKeyId: arn, previousKeyEncryptionKeyId: 'local' });
  });
});

describe('the start of a process on AWS KMS', () => {
  beforeEach(async () => void (await sealWith(await vaultWith(onKms()))));

  it('waits for AWS KMS that fails for a moment', async () => {
    // The SDK tries three times, and then we do.
    kms.fail('503', 4);
    const app = await start(onKms());
    await app.close();
  });

  it('ends with a sentence that names the service when AWS KMS stays away', async () => {
    kms.fail('503');
    const attempt = start(onKms());
    await expect(attempt).rejects.toMatchObject({ code: 'KEY_PROVIDER_UNAVAILABLE' });
    await expect(attempt).rejects.toThrow(/^AWS KMS in "eu-west-1", .+ \(HTTP 503\)\. .+ It was asked 4 times\.$/);
  });

  it('ends at once for a key in use that is disabled, or not configured', async () => {
    const another = kms.createKey();
    await expect(start(onKms({ AWS_KMS_KEY_IDS: [another] }))).rejects.toThrow(
      `Add "${arn}" to AWS_KMS_KEY_IDS again and restart.`,
    );
    kms.setState(arn, 'Disabled');
    kms.requests.length = 0;
    const attempt = start(onKms());
    await expect(attempt).rejects.toMatchObject({ code: 'KEYS_UNUSABLE', check: 'key-encryption-key-refused' });
    await expect(attempt).rejects.toThrow(
      `"${arn}": its service refuses the use of the key-encryption key. Enable the key`,
    );
    expect(kms.requests).toHaveLength(1);
  });
});
