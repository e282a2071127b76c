import { Database, type Prisma } from '@app/platform';
import { UNFINISHED_STATES } from '@app/runs';
import { Injectable } from '@nestjs/common';

const version = {
  version: true,
  state: true,
  createdAt: true,
  promotedAt: true,
  firstReadAt: true,
  acknowledgedAt: true,
  retiredAt: true,
  revokedAt: true,
} satisfies Prisma.SecretVersionSelect;

const rotation = { id: true, plan: true, input: true, state: true, step: true } satisfies Prisma.RunSelect;

/** A version of a customer's secret: never the secret, sealed or not, nor its hint. */
export type SecretVersionRow = Prisma.SecretVersionGetPayload<{ select: typeof version }>;

/** A rotation that is not done: under way, or stopped. */
export type UnfinishedRotation = Prisma.RunGetPayload<{ select: typeof rotation }>;

/** How a customer's secret stands. */
export interface SecretFacts {
  /** Newest first: every live one, and the last that were revoked. */
  versions: SecretVersionRow[];
  /** Whether anybody ever had the credentials, in any version: they were given out, or the OEM gave them. */
  wereEverRead: boolean;
  /** Newest first. */
  unfinished: UnfinishedRotation[];
}

/** Revoked versions that are shown. */
const SHOWN_REVOKED = 10;

/** Reads how the secrets of customers stand. */
@Injectable()
export class SecretFactsReader {
  constructor(private readonly database: Database) {}

  /** The facts of the customer with this id. */
  async get(customerId: string): Promise<SecretFacts> {
    const { secretVersion, run } = this.database.client;
    const [live, revoked, read, unfinished] = await Promise.all([
      secretVersion.findMany({ where: { customerId, state: { not: 'revoked' } }, select: version }),
      secretVersion.findMany({
        where: { customerId, state: 'revoked' },
        select: version,
        orderBy: { version: 'desc' },
        take: SHOWN_REVOKED,
      }),
      secretVersion.findFirst({ where: { customerId, firstReadAt: { not: null } }, select: { id: true } }),
      run.findMany({
        where: { customerId, plan: 'rotation', state: { in: [...UNFINISHED_STATES] } },
        select: rotation,
        orderBy: { id: 'desc' },
      }),
    ]);
    const versions = [...live, ...revoked].sort((one, other) => other.version - one.version);
    return { versions, wereEverRead: read !== null, unfinished };
  }
}
