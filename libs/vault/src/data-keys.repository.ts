import { type DataKey, Database, Prisma, type Sql } from '@app/platform';
import type { KeyOwner } from './key-owner.js';
import type { WrappedDataKey } from './key-provider.js';

/** A data key's row under the names of `DataKey`. */
const DATA_KEY_COLUMNS = Prisma.sql`id, owner::text AS owner, owner_id AS "ownerId", key_encryption_key_id AS "keyEncryptionKeyId",
  wrapped, created_at AS "createdAt", destroyed_at AS "destroyedAt"`;

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
  listOnePerKeyEncryptionKey(): Promise<DataKey[]> {
    return this.database.sql.$queryRaw<DataKey[]>`
      SELECT DISTINCT ON (key_encryption_key_id) ${DATA_KEY_COLUMNS}
      FROM data_keys WHERE destroyed_at IS NULL ORDER BY key_encryption_key_id, id`;
  }
}
