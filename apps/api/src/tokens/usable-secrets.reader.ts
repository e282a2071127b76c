import { assertUsable, customerNotFound, customerNotReady, USABLE_STATES } from '@app/customers';
import { type CustomerState, Database, type Sql } from '@app/platform';
import { Injectable } from '@nestjs/common';

/** A stored secret that Qlik should take. */
export interface UsableSecret {
  secretVersionId: string;
  version: number;
  state: 'current' | 'previous';
  oauthClientRowId: string;
  clientId: string;
  tenantHost: string;
  sealed: string;
  dataKeyId: string;
  /** What the customer's client may ask for. */
  scopes: string[];
}

type Row = { customerState: CustomerState; scopes: string[] } & (
  UsableSecret | { [key in Exclude<keyof UsableSecret, 'scopes'>]: null }
);

/** Reads with which secrets tokens of a customer can be had. */
@Injectable()
export class UsableSecretsReader {
  constructor(private readonly database: Database) {}

  /** The current secret, and behind it those that it replaced and that are not deleted at Qlik yet, the newest first. Throws CUSTOMER_NOT_FOUND, CUSTOMER_OFFBOARDED or CUSTOMER_NOT_READY. */
  async list(customerId: string): Promise<[UsableSecret, ...UsableSecret[]]> {
    const rows = await this.database.sql.$queryRaw<Row[]>`
      SELECT customer.state::text AS "customerState", customer.scopes, secret.id AS "secretVersionId", secret.version,
        secret.state::text AS state, client.id AS "oauthClientRowId", client.client_id AS "clientId",
        client.tenant_host AS "tenantHost", secret.sealed, secret.data_key_id AS "dataKeyId"
      FROM customers customer
      LEFT JOIN secret_versions secret ON secret.customer_id = customer.id
        AND secret.state IN ('current', 'previous') AND secret.retired_at IS NULL
      LEFT JOIN oauth_clients client ON client.id = secret.oauth_client_id
      WHERE customer.id = ${customerId}::uuid
      ORDER BY secret.state, secret.version DESC`;
    const [first] = rows;
    if (first === undefined) throw customerNotFound(customerId);
    assertUsable(customerId, first.customerState, 'secret to get tokens with');
    const [current, ...others] = rows.filter((row): row is Row & UsableSecret => row.secretVersionId !== null);
    if (current?.state !== 'current') {
      throw customerNotReady(customerId, first.customerState, 'secret to get tokens with');
    }
    return [current, ...others];
  }

  /** Whether the secret is in the state in which it was read, and its customer usable; keeps it so until the transaction ends. */
  async isUnchanged(tx: Sql, { secretVersionId, state }: UsableSecret): Promise<boolean> {
    const rows = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM secret_versions secret JOIN customers customer ON customer.id = secret.customer_id
      WHERE secret.id = ${secretVersionId}::uuid AND secret.state = ${state}::secret_version_state
        AND secret.retired_at IS NULL AND customer.state = ANY(${[...USABLE_STATES]}::customer_state[])
      FOR SHARE OF secret`;
    return rows.length === 1;
  }
}
