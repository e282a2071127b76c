import { type CustomerState, Database, type Prisma } from '@app/platform';
import { Injectable } from '@nestjs/common';

/** Nothing sealed, and no hint: that is a part of the secret for all we know. */
const shown = {
  version: true,
  state: true,
  createdAt: true,
  promotedAt: true,
  firstReadAt: true,
  acknowledgedAt: true,
  retiredAt: true,
  revokedAt: true,
} as const satisfies Prisma.SecretVersionSelect;

/** What is told of a secret version. */
export type ShownVersion = Prisma.SecretVersionGetPayload<{ select: typeof shown }>;

/** Which secret a customer's credentials hold, and since when. */
export interface SecretInUse {
  version: number;
  activeSince: Date;
}

/** What a customer's credentials hold; null where there are none. */
export interface InUse {
  /** The OAuth client's id at Qlik. */
  clientId: string | null;
  currentSecret: SecretInUse | null;
}

/** Reads what is known of customers' secrets, never a secret. */
@Injectable()
export class SecretVersionsReader {
  constructor(private readonly database: Database) {}

  /** The customers, each with its client and its current secret. One query for all of them. */
  async addCurrent<C extends { id: string; state: CustomerState }>(customers: readonly C[]): Promise<(C & InUse)[]> {
    // A customer gets its first secret together with the state "ready".
    const ids = customers.filter(({ state }) => state !== 'onboarding').map(({ id }) => id);
    const rows =
      ids.length === 0
        ? []
        : await this.database.sql.$queryRaw<(SecretInUse & { customerId: string; clientId: string })[]>`
            SELECT current.customer_id AS "customerId", client.client_id AS "clientId", version, promoted_at AS "activeSince"
            FROM secret_versions current JOIN oauth_clients client ON client.id = current.oauth_client_id
            WHERE current.customer_id = ANY(${ids}::uuid[]) AND current.state = 'current'`;
    const inUse = new Map<string, InUse>(
      rows.map(({ customerId, clientId, ...currentSecret }) => [customerId, { clientId, currentSecret }]),
    );
    const nothing: InUse = { clientId: null, currentSecret: null };
    return customers.map((customer) => ({ ...customer, ...(inUse.get(customer.id) ?? nothing) }));
  }

  /** One page, newest first; `nextCursor`, undefined on the last, is the version to go on before. */
  async list(
    customerId: string,
    { cursor, limit }: { cursor?: number | undefined; limit: number },
  ): Promise<{ secretVersions: ShownVersion[]; nextCursor?: string }> {
    const rows = await this.database.client.secretVersion.findMany({
      where: { customerId, ...(cursor === undefined ? {} : { version: { lt: cursor } }) },
      select: shown,
      orderBy: { version: 'desc' },
      take: limit + 1,
    });
    const secretVersions = rows.slice(0, limit);
    const last = secretVersions.at(-1);
    return rows.length > limit && last !== undefined
      ? { secretVersions, nextCursor: String(last.version) }
      : { secretVersions };
  }
}
