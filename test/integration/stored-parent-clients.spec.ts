import { createSecretKey, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { ParentClientsService, ParentClientStoring, StoredParentClients } from '@app/parents';
import { Secret } from '@app/platform';
import { KeyRotation, LocalKeyProvider, Vault } from '@app/vault';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

let test: TestDatabase;
let vault: Vault;
let storing: ParentClientStoring;
let service: ParentClientsService;
let warned: number;

const [oldKey, newKey] = ['old', 'new'].map((id) => ({ id, key: createSecretKey(randomBytes(32)) })) as [
  { id: string; key: ReturnType<typeof createSecretKey> },
  { id: string; key: ReturnType<typeof createSecretKey> },
];

beforeAll(async () => {
  test = await createTestDatabase();
  const audit = new AuditTrail(test.database);
  vault = new Vault(test.database, audit, new LocalKeyProvider([oldKey]));
  storing = new ParentClientStoring(test.database, audit, vault);
  service = new ParentClientsService(test.database, audit);
});
afterAll(() => test.close());
beforeEach(async () => {
  warned = 0;
  await test.database.client.parentClient.deleteMany();
});

const by = { actor: 'test' };
const store = (secret: string, region = 'eu', clientId = 'parent') =>
  storing.store({ region, clientId, clientSecret: new Secret(secret) }, by);
const newWorker = (opensWith = vault) =>
  new StoredParentClients(test.database, opensWith, { warn: () => void (warned += 1) });

describe('StoredParentClients', () => {
  it('opens what is stored, and finds another version once it is replaced or stored anew', async () => {
    const worker = newWorker();
    expect(await worker.find('eu')).toBeUndefined();
    await store('s1');
    // Known for two seconds, unless one asks for what is fresh.
    expect(await worker.find('eu')).toBeUndefined();
    const first = await worker.find('eu', { fresh: true });
    expect([first?.clientId, first?.clientSecret.reveal()]).toEqual(['parent', 's1']);
    expect(await worker.find('eu')).toBe(first);
    expect(await worker.find('eu', { fresh: true })).toBe(first);
    await store('s2');
    const second = await worker.find('eu', { fresh: true });
    expect(second?.clientSecret.reveal()).toBe('s2');
    await service.delete('eu', by);
    expect(await worker.find('eu', { fresh: true })).toBeUndefined();
    await store('s2');
    const third = await worker.find('eu', { fresh: true });
    expect(third?.clientSecret.reveal()).toBe('s2');
    expect(new Set([first, second, third].map((client) => client?.version)).size).toBe(3);
  });

  it('does not open what was moved from another region, nor a secret put back', async () => {
    await store('s-eu', 'eu');
    const [old] = await test.database.client.parentClient.findMany();
    await store('s-us', 'us');
    await test.database.client
      .$executeRaw`UPDATE parent_clients SET sealed = (SELECT sealed FROM parent_clients WHERE region = 'us'),
      data_key_id = (SELECT data_key_id FROM parent_clients WHERE region = 'us') WHERE region = 'eu'`;
    await expect(newWorker().find('eu')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
    await store('s-eu-2', 'eu');
    await test.database.client.parentClient.update({ where: { region: 'eu' }, data: { sealed: old!.sealed } });
    const worker = newWorker();
    await expect(worker.find('eu')).rejects.toMatchObject({ code: 'SECRET_UNREADABLE', facts: { check: 'context' } });
    // A failure is not kept.
    await store('s-eu-3', 'eu');
    expect((await worker.find('eu'))?.clientSecret.reveal()).toBe('s-eu-3');
  });

  it('opens it after the key-encryption key was changed', async () => {
    await store('s1');
    const both = new LocalKeyProvider([newKey, oldKey]);
    await new KeyRotation(test.database, new AuditTrail(test.database), both).rotate(by);
    const onlyNew = new Vault(test.database, new AuditTrail(test.database), new LocalKeyProvider([newKey]));
    expect((await newWorker(onlyNew).find('eu'))?.clientSecret.reveal()).toBe('s1');
    const back = new LocalKeyProvider([oldKey, newKey]);
    await new KeyRotation(test.database, new AuditTrail(test.database), back).rotate(by);
  });

  it('notes uses to the minute, of the version that was used, and says when it could not', async () => {
    const worker = newWorker();
    await store('s1');
    const { version } = (await worker.find('eu'))!;
    worker.noteUse('eu', version);
    worker.noteUse('eu', version);
    await worker.onModuleDestroy();
    const [{ lastUsedAt } = { lastUsedAt: null }] = await service.list();
    expect(lastUsedAt?.getTime()).toBe(Math.floor(lastUsedAt!.getTime() / 60_000) * 60_000);
    await store('s2');
    const late = newWorker();
    late.noteUse('eu', version);
    await late.onModuleDestroy();
    expect(await service.list()).toMatchObject([{ lastUsedAt: null }]);
    const other = newWorker();
    other.noteUse('eu', 'no version of ours');
    await other.onModuleDestroy();
    expect(warned).toBe(1);
  });

  it('is stored by one after the other when several store at once', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, (_, n) => store(`secret-${n}`)));
    expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect((await newWorker().find('eu'))?.clientSecret.reveal()).toMatch(/^secret-\d$/);
  });
});
