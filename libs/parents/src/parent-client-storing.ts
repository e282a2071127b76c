import { AuditTrail } from '@app/audit';
import { Database, type Secret } from '@app/platform';
import { Vault } from '@app/vault';
import { Injectable } from '@nestjs/common';
import { v7 } from 'uuid';
import { type ChangedBy, parentClientChanged } from './parent-client-events.js';
import { LISTED_COLUMNS, type ListedParentClient } from './parent-clients.service.js';
import { parentSecretContext } from './parent-secret-context.js';

/** A region's parent client, as it is given to us. */
export interface NewParentClient {
  region: string;
  /** 1 to 200 characters. */
  clientId: string;
  clientSecret: Secret;
}

/** Takes parent clients in; it seals their secrets and opens none. */
@Injectable()
export class ParentClientStoring {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly vault: Vault,
  ) {}

  /** Stores the parent client of a region in place of the one that is there; workers find it within seconds. Throws what the vault throws. */
  async store(
    { region, clientId, clientSecret }: NewParentClient,
    by: ChangedBy,
  ): Promise<{ parentClient: ListedParentClient; isNew: boolean }> {
    const dataKey = await this.vault.ensureDataKey({ kind: 'region', id: region });
    const id = v7();
    const { dataKeyId, sealed } = await this.vault.seal(dataKey, clientSecret, parentSecretContext({ region, id }));
    return this.database.sqlTransaction(async (tx) => {
      // xmax is 0 of a row that was inserted, not updated (PostgreSQL, system columns).
      const [stored] = await tx.$queryRaw<[ListedParentClient & { isNew: boolean }]>`
        INSERT INTO parent_clients (region, id, client_id, sealed, data_key_id)
        VALUES (${region}, ${id}::uuid, ${clientId}, ${sealed}, ${dataKeyId}::uuid)
        ON CONFLICT (region) DO UPDATE SET id = excluded.id, client_id = excluded.client_id, sealed = excluded.sealed,
          data_key_id = excluded.data_key_id, changed_at = now(), last_used_at = NULL
        RETURNING ${LISTED_COLUMNS}, xmax = 0 AS "isNew"`;
      await this.audit.append(tx, parentClientChanged('parent_client.stored', region, clientId, by));
      const { isNew, ...parentClient } = stored;
      return { parentClient, isNew };
    });
  }
}
