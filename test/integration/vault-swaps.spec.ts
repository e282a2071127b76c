import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { type DataKey, Secret, type SecretVersion, type Transaction } from '@app/platform';
import { type LocalKey, LocalKeyProvider, type SecretContext, Vault } from '@app/vault';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

// Two customers with a data key each, wrapped by different keys, and two secret versions each.
// Whatever is exchanged between two rows, what no longer stands where it was sealed must not open.

const localKey = (id: string): LocalKey => ({ id, key: createSecretKey(randomBytes(32)) });

let test: TestDatabase;
let provider: LocalKeyProvider;
let warm: Vault;
let versions: SecretVersion[];
let dataKeys: DataKey[];

beforeAll(async () => {
  test = await createTestDatabase();
  await test.database.client.$executeRaw`DROP INDEX secret_versions_customer_id_version_key`;
  const [current, old] = [localKey('current'), localKey('old')];
  await storeCustomer(vaultWith(new LocalKeyProvider([old])));
  provider = new LocalKeyProvider([current, old]);
  warm = vaultWith(provider);
  await storeCustomer(warm);
  versions = await test.database.client.secretVersion.findMany({ orderBy: { id: 'asc' } });
  dataKeys = await test.database.client.dataKey.findMany({ orderBy: { id: 'asc' } });
  expect(dataKeys.map((row) => row.keyEncryptionKeyId).sort()).toEqual(['current', 'old']);
  expect(await outcomes()).toEqual(versions.map(valueOf));
});
afterAll(() => test.close());

function vaultWith(keys: LocalKeyProvider): Vault {
  const { database } = test;
  return new Vault(database, new AuditTrail(database), keys);
}

const contextOf = (row: Pick<SecretVersion, 'id' | 'customerId' | 'version'>): SecretContext => ({
  owner: { kind: 'customer', id: row.customerId },
  secretId: row.id,
  version: row.version,
  purpose: 'impersonation-client-secret',
});
const valueOf = (row: Pick<SecretVersion, 'id'>) => `secret of ${row.id}`;

async function storeCustomer(vault: Vault): Promise<void> {
  const { client } = test.database;
  const customerId = randomUUID();
  const host = `${customerId}.eu.qlikcloud.com`;
  await client.customer.create({ data: { id: customerId, externalId: customerId, name: 'Acme', tenantHost: host } });
  const oauthClient = await client.oAuthClient.create({
    data: {
      id: randomUUID(),
      customerId,
      tenantHost: host,
      clientId: 'c',
      clientName: 'n',
      createdByRun: randomUUID(),
    },
  });
  const dataKey = await vault.ensureDataKey({ kind: 'customer', id: customerId });
  for (const version of [1, 2]) {
    const row = { id: randomUUID(), customerId, version };
    const sealed = await vault.seal(dataKey, new Secret(valueOf(row)), contextOf(row));
    await client.secretVersion.create({ data: { ...row, ...sealed, oauthClientId: oauthClient.id, hint: 'h' } });
  }
}

/** What each secret version opens to, or the code of the error, read as a caller reads it: the context comes from the row. */
async function outcomes(): Promise<string[]> {
  const rows = await test.database.client.secretVersion.findMany({ orderBy: { id: 'asc' } });
  const open = async (vault: Vault, { sealed, ...row }: SecretVersion) =>
    vault.open({ dataKeyId: row.dataKeyId, sealed: sealed ?? '' }, contextOf(row)).then(
      (secret) => secret.reveal(),
      (error: { code: string }) => error.code,
    );
  const cold = vaultWith(provider);
  const found = await Promise.all(rows.map((row) => open(cold, row)));
  // A process that has the data keys in memory must see the same.
  expect(await Promise.all(rows.map((row) => open(warm, row)))).toEqual(found);
  return found;
}

/** Changes rows with foreign keys off (the unique key of customer and version is dropped above), as somebody with full access can. */
const tamper = (work: (tx: Transaction) => Promise<unknown>) =>
  test.database.transaction(async (tx) => {
    await tx.$executeRaw`SET LOCAL session_replication_role = replica`;
    await work(tx);
  });

const writeVersions = (rows: SecretVersion[]) =>
  tamper(async (tx) => {
    await tx.secretVersion.deleteMany();
    await tx.secretVersion.createMany({ data: rows });
  });
const writeDataKeys = (rows: DataKey[]) =>
  tamper(async (tx) => {
    await tx.dataKey.deleteMany();
    await tx.dataKey.createMany({ data: rows });
  });

function exchange<Row extends object>(rows: Row[], [a, b]: [number, number], columns: (keyof Row)[]): Row[] {
  const pick = (row: Row | undefined) => Object.fromEntries(columns.map((column) => [column, row?.[column]]));
  return rows.map((row, index) => {
    if (index === a) return { ...row, ...pick(rows[b]) };
    return index === b ? { ...row, ...pick(rows[a]) } : row;
  });
}

/** Each non-empty set of the columns. */
function subsets<Column>(columns: Column[]): Column[][] {
  const all = columns.reduce<Column[][]>((sets, column) => [...sets, ...sets.map((set) => [...set, column])], [[]]);
  return all.slice(1);
}

/** Whether an exchange changes no row but its place: nothing differs in the columns, or all that differs is exchanged. */
function changesNothing<Row>(a: Row, b: Row, columns: (keyof Row)[], exchanged: (keyof Row)[]): boolean {
  const differing = columns.filter((column) => a[column] !== b[column]);
  const moved = differing.filter((column) => exchanged.includes(column));
  return moved.length === 0 || moved.length === differing.length;
}

const VERSION_COLUMNS: (keyof SecretVersion)[] = ['id', 'customerId', 'version', 'dataKeyId', 'sealed'];
const DATA_KEY_COLUMNS: (keyof DataKey)[] = ['id', 'ownerId', 'keyEncryptionKeyId', 'wrapped'];

describe('secret_versions', () => {
  it.each<[number, number]>([
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
    [2, 3],
  ])('does not open whatever rows %i and %i exchange, and opens the others', async (a, b) => {
    const intact = versions.map(valueOf);
    let refused = 0;
    for (const columns of subsets(VERSION_COLUMNS)) {
      await writeVersions(exchange(versions, [a, b], columns));
      const found = Object.fromEntries((await outcomes()).map((outcome, index) => [index, outcome]));
      const same = changesNothing(versions[a]!, versions[b]!, VERSION_COLUMNS, columns);
      const expected = intact.map((value, index) =>
        !same && (index === a || index === b) ? 'SECRET_UNREADABLE' : value,
      );
      expect({ columns, found: Object.values(found) }).toEqual({ columns, found: expected });
      if (!same) refused++;
    }
    expect(refused).toBeGreaterThanOrEqual(24);
    await writeVersions(versions);
  });

  it('does not open one row copied over another', async () => {
    for (const from of versions) {
      for (const to of versions.filter((row) => row !== from)) {
        await writeVersions(versions.map((row) => (row === to ? { ...from, id: to.id } : row)));
        expect((await outcomes())[versions.indexOf(to)]).toBe('SECRET_UNREADABLE');
      }
    }
    await writeVersions(versions);
  });

  it('does not open a wrapped data key in the place of a secret', async () => {
    await writeVersions(
      versions.map((row) => ({ ...row, sealed: dataKeys.find(({ id }) => id === row.dataKeyId)!.wrapped })),
    );
    expect(await outcomes()).toEqual(versions.map(() => 'SECRET_UNREADABLE'));
    await writeVersions(versions);
  });
});

describe('data_keys', () => {
  it('opens nothing whatever the two rows exchange', async () => {
    const intact = versions.map(valueOf);
    for (const columns of subsets(DATA_KEY_COLUMNS)) {
      await writeDataKeys(exchange(dataKeys, [0, 1], columns));
      const same = changesNothing(dataKeys[0]!, dataKeys[1]!, DATA_KEY_COLUMNS, columns);
      expect({ columns, found: await outcomes() }).toEqual({
        columns,
        found: same ? intact : intact.map(() => 'SECRET_UNREADABLE'),
      });
    }
    await writeDataKeys(dataKeys);
  });

  it('opens nothing of an owner of another kind', async () => {
    await writeDataKeys(dataKeys.map((row) => ({ ...row, owner: 'endpoint' })));
    expect(await outcomes()).toEqual(versions.map(() => 'SECRET_UNREADABLE'));
    await writeDataKeys(dataKeys);
    expect(await outcomes()).toEqual(versions.map(valueOf));
  });
});
