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

/** Reads what is known of customers' secrets, never a secret. */
@Injectable()
export class SecretVersionsReader {
  constructor(private readonly database: Database) {}

  /** The customers, each with its current secret; null where there is none. One query for all of them. */
  async addCurrent<C extends { id: string; state: CustomerState }>(
    customers: readonly C[],
  ): Promise<(C & { currentSecret: SecretInUse | null })[]> {
    // A customer gets its first secret together with the state "ready".
    const ids = customers.filter(({ state }) => state !== 'onboarding').map(({ id }) => id);
    const rows =
      ids.length === 0
        ? []
        : await this.database.sql.$queryRaw<(SecretInUse & { customerId: string })[]>`
            SELECT customer_id AS "customerId", version, promoted_at AS "activeSince" FROM secret_versions
            WHERE customer_id = ANY(${ids}::uuid[]) AND state = 'current'`;
    const current = new Map(rows.map(({ customerId, ...secret }) => [customerId, secret]));
    return customers.map((customer) => ({ ...customer, currentSecret: current.get(customer.id) ?? null }));
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
