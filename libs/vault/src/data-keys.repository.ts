import { type DataKey, Database, Prisma, type Sql } from '@app/platform';
import type { KeyOwner } from './key-owner.js';
import type { WrappedDataKey } from './key-provider.js';

/** A data key's row under the names of `DataKey`. */
const DATA_KEY_COLUMNS = Prisma.sql`id, owner::text AS owner, owner_id AS "ownerId", key_encryption_key_id AS "keyEncryptionKeyId",
  wrapped, created_at AS "createdAt", destroyed_at AS "destroyedAt"`;

/** A data key that was not destroyed. */
export type LiveDataKey = DataKey & { wrapped: string };

/** The rows of `data_keys`. */
export class DataKeysRepository {
  constructor(private readonly database: Database) {}

  /** The data key with this id, a destroyed one too. */
  async findById(id: string): Promise<DataKey | null> {
    const [row] = await this.database.sql.$queryRaw<DataKey[]>`
      SELECT ${DATA_KEY_COLUMNS} FROM data_keys WHERE id = ${id}::uuid`;
    return row ?? null;
  }

  /** The data key of this owner, a destroyed one too. */
  async findByOwner({ kind, id }: KeyOwner): Promise<DataKey | null> {
    const [row] = await this.database.sql.$queryRaw<DataKey[]>`
      SELECT ${DATA_KEY_COLUMNS} FROM data_keys WHERE owner = ${kind}::data_key_owner AND owner_id = ${id}`;
    return row ?? null;
  }

  /** Adds the data key of an owner; false when the owner has one already. */
  async insert(tx: Sql, id: string, owner: KeyOwner, { keyId, wrapped }: WrappedDataKey): Promise<boolean> {
    const inserted = await tx.$executeRaw`
      INSERT INTO data_keys (id, owner, owner_id, key_encryption_key_id, wrapped)
      VALUES (${id}::uuid, ${owner.kind}::data_key_owner, ${owner.id}, ${keyId}, ${wrapped})
      ON CONFLICT (owner, owner_id) DO NOTHING`;
    return inserted === 1;
  }

  /** One live data key for each key-encryption key that wraps any. */
  listOnePerKeyEncryptionKey(): Promise<LiveDataKey[]> {
    return this.database.sql.$queryRaw<LiveDataKey[]>`
      SELECT DISTINCT ON (key_encryption_key_id) ${DATA_KEY_COLUMNS}
      FROM data_keys WHERE destroyed_at IS NULL ORDER BY key_encryption_key_id, id`;
  }

  /** Live data keys that another key than `keyId` wraps, by id from behind `after`. */
  listNotWrappedBy(keyId: string, after: string, limit: number): Promise<LiveDataKey[]> {
    return this.database.sql.$queryRaw<LiveDataKey[]>`
      SELECT ${DATA_KEY_COLUMNS} FROM data_keys
      WHERE destroyed_at IS NULL AND key_encryption_key_id <> ${keyId} AND id > ${after}::uuid ORDER BY id LIMIT ${limit}`;
  }

  /** How many live data keys each key-encryption key wraps; one that wraps none is not in it. */
  async countByKeyEncryptionKey(): Promise<Map<string, number>> {
    const rows = await this.database.sql.$queryRaw<{ keyId: string; dataKeys: number }[]>`
      SELECT key_encryption_key_id AS "keyId", count(*)::int AS "dataKeys"
      FROM data_keys WHERE destroyed_at IS NULL GROUP BY key_encryption_key_id ORDER BY key_encryption_key_id`;
    return new Map(rows.map(({ keyId, dataKeys }) => [keyId, dataKeys]));
  }

  /** Replaces the wrapping of a data key; false when the row is no longer the one that was read, destroyed for instance. */
  async replaceWrapping(tx: Sql, read: LiveDataKey, { keyId, wrapped }: WrappedDataKey): Promise<boolean> {
    const replaced = await tx.$executeRaw`
      UPDATE data_keys SET key_encryption_key_id = ${keyId}, wrapped = ${wrapped}
      WHERE id = ${read.id}::uuid AND key_encryption_key_id = ${read.keyEncryptionKeyId} AND wrapped = ${read.wrapped}`;
    return replaced === 1;
  }

  /** Forgets the wrapped key of an owner for good and resolves to its id; undefined when the owner has no live data key. */
  async destroy(tx: Sql, { kind, id }: KeyOwner): Promise<string | undefined> {
    const [destroyed] = await tx.$queryRaw<{ id: string }[]>`
      UPDATE data_keys SET destroyed_at = now(), wrapped = NULL
      WHERE owner = ${kind}::data_key_owner AND owner_id = ${id} AND destroyed_at IS NULL RETURNING id`;
    return destroyed?.id;
  }
}
