import { Injectable } from '@nestjs/common';
import { Database, type OAuthClient, type SecretVersion, type Sql } from '@app/platform';
import type { SealedSecret } from '@app/vault';

/** A new client and its first secret, sealed. */
export interface NewClientWithSecret {
  id: string;
  customerId: string;
  runId: string;
  tenantHost: string;
  clientId: string;
  clientName: string;
  secret: {
    id: string;
    version: number;
    sealed: SealedSecret;
    hint: string | null;
    createdBy: string | null;
    /** Whether the OEM gave it, and so has it. */
    isGiven: boolean;
  };
}

/** What is stored of a secret; `sealed` is null once it is revoked. */
export type StoredSecretVersion = Pick<SecretVersion, 'version' | 'sealed' | 'dataKeyId' | 'hint' | 'createdBy'>;

/** A customer's client by our id and by Qlik's. */
export type ClientOfCustomer = Pick<OAuthClient, 'id' | 'clientId'>;

/** The impersonation clients and their secret versions. */
@Injectable()
export class OAuthClientsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Stores the client and its secret together: neither is ever there without the other. One that the OEM gave counts as read from here on: whoever uses it
   * must change over at the first rotation, though it never asked for credentials.
   */
  async insertWithSecret(tx: Sql, client: NewClientWithSecret): Promise<void> {
    const { secret } = client;
    await tx.$executeRaw`
      WITH client AS (
        INSERT INTO oauth_clients (id, customer_id, tenant_host, client_id, client_name, created_by_run)
        VALUES (${client.id}::uuid, ${client.customerId}::uuid, ${client.tenantHost}, ${client.clientId}, ${client.clientName}, ${client.runId}::uuid)
        RETURNING id
      )
      INSERT INTO secret_versions (id, customer_id, oauth_client_id, version, sealed, data_key_id, hint, created_by, first_read_at)
      SELECT ${secret.id}::uuid, ${client.customerId}::uuid, client.id, ${secret.version}, ${secret.sealed.sealed},
        ${secret.sealed.dataKeyId}::uuid, ${secret.hint}, ${secret.createdBy}, CASE WHEN ${secret.isGiven} THEN now() END FROM client`;
  }

  /** The version number the customer's next secret gets. */
  async nextVersion(customerId: string): Promise<number> {
    const [next] = await this.database.sql.$queryRaw<{ version: number }[]>`
      SELECT coalesce(max(version), 0) + 1 AS version FROM secret_versions WHERE customer_id = ${customerId}::uuid`;
    return next?.version ?? 1;
  }

  /** Notes that consent is trusted, and the hint of the client's secret where creation did not tell it. */
  async markTrusted(tx: Sql, id: string, secretVersionId: string, hint: string | null): Promise<void> {
    await tx.$executeRaw`
      WITH client AS (UPDATE oauth_clients SET consent_method = 'trusted' WHERE id = ${id}::uuid)
      UPDATE secret_versions SET hint = coalesce(hint, ${hint}) WHERE id = ${secretVersionId}::uuid`;
  }

  async getVersion(id: string): Promise<StoredSecretVersion> {
    const [version] = await this.database.sql.$queryRaw<StoredSecretVersion[]>`
      SELECT version, sealed, data_key_id AS "dataKeyId", hint, created_by AS "createdBy"
      FROM secret_versions WHERE id = ${id}::uuid`;
    if (version === undefined) throw new Error(`There is no secret version "${id}".`);
    return version;
  }

  /** Makes a pending version the current one: it was proved to work just now. */
  async promote(tx: Sql, secretVersionId: string): Promise<void> {
    await tx.$executeRaw`
      UPDATE secret_versions SET state = 'current', verified_at = now(), promoted_at = now()
      WHERE id = ${secretVersionId}::uuid AND state = 'pending'`;
  }

  /** The client that the run made, if it is still there. */
  async findActiveByRun(runId: string): Promise<OAuthClient | undefined> {
    const client = await this.database.client.oAuthClient.findFirst({
      where: { createdByRun: runId, state: 'active' },
    });
    return client ?? undefined;
  }

  /** The first secret that was stored of the client. */
  async getFirstVersion(oauthClientId: string): Promise<Pick<SecretVersion, 'id' | 'hint' | 'createdBy'>> {
    const [first] = await this.database.sql.$queryRaw<Pick<SecretVersion, 'id' | 'hint' | 'createdBy'>[]>`
      SELECT id, hint, created_by AS "createdBy" FROM secret_versions
      WHERE oauth_client_id = ${oauthClientId}::uuid ORDER BY version LIMIT 1`;
    if (first === undefined) throw new Error(`The OAuth client "${oauthClientId}" is stored without a secret.`);
    return first;
  }

  /** Which other customer has the client with this id at Qlik, if one has. */
  async findHolder(clientId: string, customerId: string): Promise<string | undefined> {
    const [holder] = await this.database.sql.$queryRaw<{ id: string }[]>`
      SELECT customer_id AS id FROM oauth_clients
      WHERE client_id = ${clientId} AND state = 'active' AND customer_id <> ${customerId}::uuid LIMIT 1`;
    return holder?.id;
  }

  /** The customer's client, if it is still there. */
  findActive(customerId: string): Promise<ClientOfCustomer | undefined> {
    return this.findActiveIn(this.database.sql, customerId);
  }

  /** The same in a transaction. */
  async findActiveIn(sql: Sql, customerId: string): Promise<ClientOfCustomer | undefined> {
    const [client] = await sql.$queryRaw<ClientOfCustomer[]>`
      SELECT id, client_id AS "clientId" FROM oauth_clients WHERE customer_id = ${customerId}::uuid AND state = 'active'`;
    return client;
  }

  /** Notes whether the tenant took the client's allowed origins when they were set just now. */
  async noteOrigins(tx: Sql, id: string, originsRefused: boolean): Promise<void> {
    await tx.$executeRaw`UPDATE oauth_clients SET origins_refused = ${originsRefused} WHERE id = ${id}::uuid`;
  }

  /** Notes that the client is gone at Qlik, or let go of, and forgets its secrets with it; returns the ids of their versions. */
  async markDeleted(tx: Sql, id: string): Promise<string[]> {
    const revoked = await tx.$queryRaw<{ id: string }[]>`
      WITH client AS (UPDATE oauth_clients SET state = 'deleted', deleted_at = now() WHERE id = ${id}::uuid AND state = 'active')
      UPDATE secret_versions SET state = 'revoked', sealed = NULL, revoked_at = now()
      WHERE oauth_client_id = ${id}::uuid AND state <> 'revoked' RETURNING id`;
    return revoked.map((version) => version.id);
  }
}
