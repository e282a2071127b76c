import { Database, type Prisma } from '@app/platform';
import { Injectable } from '@nestjs/common';

const oauthClient = {
  clientId: true,
  clientName: true,
  consentMethod: true,
  createdAt: true,
} satisfies Prisma.OAuthClientSelect;

const secretVersion = {
  version: true,
  state: true,
  createdAt: true,
  verifiedAt: true,
} satisfies Prisma.SecretVersionSelect;

/** What is known of a customer's OAuth client and of its secrets: never a secret, sealed or not, nor its hint. */
export interface CustomerFacts {
  oauthClient: Prisma.OAuthClientGetPayload<{ select: typeof oauthClient }> | null;
  secretVersions: Prisma.SecretVersionGetPayload<{ select: typeof secretVersion }>[];
}

/** Secret versions that are shown, newest first. */
const SHOWN_VERSIONS = 10;

/** Reads what a run made for a customer. */
@Injectable()
export class CustomerFactsReader {
  constructor(private readonly database: Database) {}

  /** The facts of the customer with this id. */
  async get(customerId: string): Promise<CustomerFacts> {
    const [client, secretVersions] = await Promise.all([
      this.database.client.oAuthClient.findFirst({ where: { customerId, state: 'active' }, select: oauthClient }),
      this.database.client.secretVersion.findMany({
        where: { customerId },
        select: secretVersion,
        orderBy: { version: 'desc' },
        take: SHOWN_VERSIONS,
      }),
    ]);
    return { oauthClient: client, secretVersions };
  }
}
