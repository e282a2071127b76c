import { Injectable } from '@nestjs/common';
import { type Customer, Database, Prisma, type Sql } from '@app/platform';
import { jsonOrNull } from './json-or-null.js';
import type { NewCustomer } from './new-customer.js';

/** How long an idempotency key is remembered. */
const KEY_LIFE_DAYS = 30;

/** How long a request waits for an equal one under way. */
const LOCK_TIMEOUT_MS = 5_000;

/** A key of one caller, with the hash of the body it came with. */
export interface RequestKey {
  caller: string;
  key: string;
  requestHash: string;
}

/** The rows of customers and idempotency keys. */
@Injectable()
export class CustomersRepository {
  constructor(private readonly database: Database) {}

  /** Writes the key and, only if it is new, its customer; undefined if the key is in use. A key that another transaction is writing is waited for. */
  async insert(tx: Sql, id: string, input: NewCustomer, request: RequestKey): Promise<Customer | undefined> {
    const [row] = await tx.$queryRaw<Customer[]>`
      WITH request AS (${insertKey(request, id)} RETURNING customer_id)
      INSERT INTO customers (id, external_id, name, tenant_host, redirect_uris, allowed_origins, scopes, verification_user,
        rotation, metadata)
      SELECT customer_id, ${input.externalId}, ${input.name}, ${input.tenantHost}, ${input.redirectUris}::text[],
        ${input.allowedOrigins}::text[], ${input.scopes}::text[], ${jsonOrNull(input.verificationUser)}::jsonb,
        ${jsonOrNull(input.rotation)}::jsonb, ${JSON.stringify(input.metadata)}::jsonb
      FROM request
      RETURNING id, external_id AS "externalId", name, tenant_host AS "tenantHost", redirect_uris AS "redirectUris",
        allowed_origins AS "allowedOrigins", scopes, verification_user AS "verificationUser", rotation, metadata,
        state::text AS state, created_at AS "createdAt", updated_at AS "updatedAt", ready_at AS "readyAt",
        next_rotation_at AS "nextRotationAt", next_reconciliation_at AS "nextReconciliationAt"`;
    return row;
  }

  /** Writes the key of a batch, which makes no customer by itself; false if the key is in use. A key that another transaction is writing is waited for. */
  async insertBatchKey(tx: Sql, request: RequestKey): Promise<boolean> {
    const inserted = await tx.$executeRaw`${insertKey(request, null)}`;
    return inserted === 1;
  }

  /** What a key was used for, a batch if it has no customer; undefined once it has expired. */
  async findRequest(
    caller: string,
    key: string,
  ): Promise<{ requestHash: string; customerId: string | null } | undefined> {
    const row = await this.database.client.idempotencyKey.findUnique({ where: { caller_key: { caller, key } } });
    return row === null || row.expiresAt <= new Date() ? undefined : row;
  }

  /** The customer that is not offboarded and has this externalId or, failing that, this tenantHost. */
  async findLive(externalId: string, tenantHost: string): Promise<Customer | undefined> {
    const rows = await this.database.client.customer.findMany({
      where: { state: { not: 'offboarded' }, OR: [{ externalId }, { tenantHost }] },
    });
    return rows.find((row) => row.externalId === externalId) ?? rows[0];
  }
}

/**
 * The statement that writes a key, or writes it anew once it has expired; it touches no row while the key is in use.
 * The lock timeout is set by the row's own filter, before the insert can wait.
 */
const insertKey = ({ caller, key, requestHash }: RequestKey, customerId: string | null): Prisma.Sql => Prisma.sql`
  INSERT INTO idempotency_keys AS kept (caller, key, request_hash, customer_id, expires_at)
  SELECT ${caller}, ${key}, ${requestHash}, ${customerId}::uuid, now() + ${KEY_LIFE_DAYS} * interval '1 day'
  WHERE set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true) IS NOT NULL
  ON CONFLICT (caller, key) DO UPDATE SET request_hash = EXCLUDED.request_hash, customer_id = EXCLUDED.customer_id,
    created_at = now(), expires_at = EXCLUDED.expires_at
    WHERE kept.expires_at <= now()`;
