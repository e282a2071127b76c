import { AuditTrail } from '@app/audit';
import { Database, DomainError, Prisma } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { type ChangedBy, parentClientChanged } from './parent-client-events.js';

/** A region's parent client as it is shown to people: never its secret. */
export interface ListedParentClient {
  region: string;
  clientId: string;
  /** When the region was first stored. */
  createdAt: Date;
  /** When this client and secret were stored. */
  changedAt: Date;
  /** When a worker last went to a tenant with it, to the minute; null while none did. */
  lastUsedAt: Date | null;
}

/** A parent client's row under the names of `ListedParentClient`. */
export const LISTED_COLUMNS = Prisma.sql`region, client_id AS "clientId", created_at AS "createdAt", changed_at AS "changedAt",
  last_used_at AS "lastUsedAt"`;

/** Regions that are listed at most. */
const MOST_LISTED = 1_000;

/** The parent clients that are stored, without their secrets. */
@Injectable()
export class ParentClientsService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
  ) {}

  /** Every region that has one, by name. */
  list(): Promise<ListedParentClient[]> {
    return this.database.sql.$queryRaw<ListedParentClient[]>`
      SELECT ${LISTED_COLUMNS} FROM parent_clients ORDER BY region LIMIT ${MOST_LISTED}`;
  }

  /** Forgets the parent client of a region; workers fall back to what they are configured with. Throws PARENT_CLIENT_NOT_FOUND. */
  async delete(region: string, by: ChangedBy): Promise<void> {
    await this.database.sqlTransaction(async (tx) => {
      const [deleted] = await tx.$queryRaw<{ clientId: string }[]>`
        DELETE FROM parent_clients WHERE region = ${region} RETURNING client_id AS "clientId"`;
      if (deleted === undefined) throw notFound(region);
      await this.audit.append(tx, parentClientChanged('parent_client.deleted', region, deleted.clientId, by));
    });
  }
}

const notFound = (region: string): DomainError =>
  new DomainError(
    'not-found',
    'PARENT_CLIENT_NOT_FOUND',
    `No parent client is stored for the region "${region.slice(0, 100)}". List those that are; one in QLIK_PARENT_CLIENTS is changed there.`,
  );
