import { Injectable } from '@nestjs/common';
import { Database, Prisma, type Sql } from '@app/platform';
import { jsonOrNull } from '../json-or-null.js';
import type { CustomerChanges, CustomerField } from './customer-changes.js';

/** Each field's column with the value it is to have. */
const SETTERS: Record<CustomerField, (changes: CustomerChanges) => Prisma.Sql> = {
  name: ({ name }) => Prisma.sql`name = ${name}`,
  tenantHost: ({ tenantHost }) => Prisma.sql`tenant_host = ${tenantHost}`,
  redirectUris: ({ redirectUris }) => Prisma.sql`redirect_uris = ${redirectUris}::text[]`,
  allowedOrigins: ({ allowedOrigins }) => Prisma.sql`allowed_origins = ${allowedOrigins}::text[]`,
  scopes: ({ scopes }) => Prisma.sql`scopes = ${scopes}::text[]`,
  verificationUser: ({ verificationUser }) => Prisma.sql`verification_user = ${jsonOrNull(verificationUser)}::jsonb`,
  rotation: ({ rotation }) => Prisma.sql`rotation = ${jsonOrNull(rotation)}::jsonb`,
  metadata: ({ metadata }) => Prisma.sql`metadata = ${jsonOrNull(metadata)}::jsonb`,
};

/** What is written and asked when a customer changes. */
@Injectable()
export class CustomerChangesRepository {
  constructor(private readonly database: Database) {}

  /** Writes the new values of `fields`. */
  async update(tx: Sql, customerId: string, changes: CustomerChanges, fields: readonly CustomerField[]): Promise<void> {
    if (fields.length === 0) return;
    const values = fields.map((field) => SETTERS[field](changes));
    await tx.$executeRaw`
      UPDATE customers SET ${Prisma.join(values)}, updated_at = now() WHERE id = ${customerId}::uuid`;
  }

  /** Whether a client is recorded for the customer, or a run of it has set out to do something at Qlik and not taken it back. */
  async mayHaveClient(tx: Sql, customerId: string): Promise<boolean> {
    const rows = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM oauth_clients WHERE customer_id = ${customerId}::uuid AND state = 'active'
      UNION ALL SELECT 1 FROM runs WHERE customer_id = ${customerId}::uuid AND intent IS NOT NULL LIMIT 1`;
    return rows.length > 0;
  }

  /** The id of the customer that has this tenant and is not offboarded. */
  async findLiveAt(tenantHost: string): Promise<string | undefined> {
    const [holder] = await this.database.sql.$queryRaw<{ id: string }[]>`
      SELECT id FROM customers WHERE tenant_host = ${tenantHost} AND state <> 'offboarded'`;
    return holder?.id;
  }
}
