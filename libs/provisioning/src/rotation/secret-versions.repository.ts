import { Injectable } from '@nestjs/common';
import { Database, Prisma, type SecretVersion, type Sql } from '@app/platform';
import type { SealedSecret } from '@app/vault';

/** The customer's impersonation client. */
export interface ClientOfCustomer {
  oauthClientId: string;
  clientId: string;
}

/** A secret of ours that is not revoked. */
export type LiveVersion = Pick<
  SecretVersion,
  | 'id'
  | 'version'
  | 'state'
  | 'sealed'
  | 'dataKeyId'
  | 'hint'
  | 'createdBy'
  | 'promotedAt'
  | 'firstReadAt'
  | 'acknowledgedAt'
  | 'retiredAt'
>;

/** A secret that is about to be verified. */
export interface PendingVersion {
  id: string;
  customerId: string;
  oauthClientId: string;
  version: number;
  sealed: SealedSecret;
  hint: string | null;
  createdBy: string | null;
}

const COLUMNS = Prisma.sql`id, version, state::text AS state, sealed, data_key_id AS "dataKeyId", hint, created_by AS "createdBy",
  promoted_at AS "promotedAt", first_read_at AS "firstReadAt", acknowledged_at AS "acknowledgedAt", retired_at AS "retiredAt"`;

/** The secret versions of a client through their rotation: pending, current, previous, revoked. */
@Injectable()
export class SecretVersionsRepository {
  constructor(private readonly database: Database) {}

  async getClient(customerId: string): Promise<ClientOfCustomer> {
    const [client] = await this.database.sql.$queryRaw<ClientOfCustomer[]>`
      SELECT id AS "oauthClientId", client_id AS "clientId" FROM oauth_clients
      WHERE customer_id = ${customerId}::uuid AND state = 'active'`;
    if (client === undefined)
      throw new Error(`The customer "${customerId}" has no OAuth client whose secret could be rotated.`);
    return client;
  }

  /** Every version of the client that is not revoked, the oldest first. */
  listLive(oauthClientId: string): Promise<LiveVersion[]> {
    return this.database.sql.$queryRaw<LiveVersion[]>`
      SELECT ${COLUMNS} FROM secret_versions WHERE oauth_client_id = ${oauthClientId}::uuid AND state <> 'revoked' ORDER BY version`;
  }

  /** Whether anybody ever had the credentials of the customer, in any version: they were given out, or the OEM gave them. */
  async wereEverRead(customerId: string): Promise<boolean> {
    const [read] = await this.database.sql.$queryRaw<unknown[]>`
      SELECT 1 FROM secret_versions WHERE customer_id = ${customerId}::uuid AND first_read_at IS NOT NULL LIMIT 1`;
    return read !== undefined;
  }

  async insertPending(tx: Sql, version: PendingVersion): Promise<void> {
    const { sealed, dataKeyId } = version.sealed;
    await tx.$executeRaw`
      INSERT INTO secret_versions (id, customer_id, oauth_client_id, version, sealed, data_key_id, hint, created_by)
      VALUES (${version.id}::uuid, ${version.customerId}::uuid, ${version.oauthClientId}::uuid, ${version.version}, ${sealed},
        ${dataKeyId}::uuid, ${version.hint}, ${version.createdBy})`;
  }

  /** Makes the pending version the current one, and the one that was current previous. */
  async promote(tx: Sql, oauthClientId: string, id: string): Promise<void> {
    await tx.$executeRaw`
      UPDATE secret_versions SET state = 'previous' WHERE oauth_client_id = ${oauthClientId}::uuid AND state = 'current'`;
    const promoted = await tx.$executeRaw`
      UPDATE secret_versions SET state = 'current', verified_at = now(), promoted_at = now()
      WHERE id = ${id}::uuid AND state = 'pending'`;
    if (promoted !== 1) throw new Error(`The secret version "${id}" is not pending, so that it cannot become current.`);
  }

  /** Notes that these are deleted at Qlik. */
  async markRetired(tx: Sql, versions: readonly Pick<LiveVersion, 'id'>[]): Promise<void> {
    await tx.$executeRaw`
      UPDATE secret_versions SET retired_at = now() WHERE id = ANY(${idsOf(versions)}::uuid[]) AND retired_at IS NULL`;
  }

  /** Forgets these: nothing here can read them any more. */
  async markRevoked(tx: Sql, versions: readonly Pick<LiveVersion, 'id'>[]): Promise<void> {
    await tx.$executeRaw`
      UPDATE secret_versions SET state = 'revoked', sealed = NULL, revoked_at = now()
      WHERE id = ANY(${idsOf(versions)}::uuid[]) AND state <> 'revoked'`;
  }
}

const idsOf = (versions: readonly Pick<LiveVersion, 'id'>[]): string[] => versions.map(({ id }) => id);
