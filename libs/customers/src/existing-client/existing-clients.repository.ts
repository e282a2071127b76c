import { Injectable } from '@nestjs/common';
import type { Sql } from '@app/platform';
import type { FoundOnClient } from './found-on-client.js';

/** A customer's client that the OEM made, as it is signed up. */
export interface NewExistingClient {
  customerId: string;
  clientId: string;
  /** Its secret, sealed; null if the OEM gave none. */
  secret: { sealed: string; dataKeyId: string } | null;
}

/** The clients that OEMs had made before they signed their customers up. */
@Injectable()
export class ExistingClientsRepository {
  async insert(tx: Sql, { customerId, clientId, secret }: NewExistingClient): Promise<void> {
    await tx.$executeRaw`
      INSERT INTO existing_clients (customer_id, client_id, sealed, data_key_id)
      VALUES (${customerId}::uuid, ${clientId}, ${secret?.sealed ?? null}, ${secret?.dataKeyId ?? null}::uuid)`;
  }

  /** The customer that is not offboarded and has this client, whether made or enrolled; of two that ask at once, the second is answered once the first has committed. */
  async findHolder(tx: Sql, clientId: string): Promise<string | undefined> {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`existing client ${clientId}`}, 0))::text`;
    const [holder] = await tx.$queryRaw<{ id: string }[]>`
      SELECT id FROM customers WHERE state <> 'offboarded' AND id IN (
        SELECT customer_id FROM existing_clients WHERE client_id = ${clientId}
        UNION ALL SELECT customer_id FROM oauth_clients WHERE client_id = ${clientId} AND state = 'active'
      ) LIMIT 1`;
    return holder?.id;
  }

  /** Notes what the client had when it was enrolled. */
  async noteFound(tx: Sql, customerId: string, found: FoundOnClient): Promise<void> {
    await tx.$executeRaw`
      UPDATE existing_clients SET found = ${JSON.stringify(found)}::jsonb WHERE customer_id = ${customerId}::uuid`;
  }

  /** Forgets the secret that the OEM gave: the customer's secret versions have it now. */
  async forgetSecret(tx: Sql, customerId: string): Promise<void> {
    await tx.$executeRaw`
      UPDATE existing_clients SET sealed = NULL, data_key_id = NULL WHERE customer_id = ${customerId}::uuid`;
  }

  /** From now on, secrets that were on the client when it was enrolled are let be no longer: people are told of them. */
  async forgetHints(tx: Sql, customerId: string): Promise<void> {
    await tx.$executeRaw`
      UPDATE existing_clients SET found = jsonb_set(found, '{hints}', '[]')
      WHERE customer_id = ${customerId}::uuid AND found->'hints' <> '[]'`;
  }
}
