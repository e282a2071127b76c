import { Database, type Prisma } from '@app/platform';
import { Injectable } from '@nestjs/common';

const oauthClient = {
  clientId: true,
  clientName: true,
  consentMethod: true,
  createdAt: true,
} satisfies Prisma.OAuthClientSelect;

/** A customer's OAuth client, as far as operators may see it. */
export type OAuthClientFacts = Prisma.OAuthClientGetPayload<{ select: typeof oauthClient }>;

/** Reads the OAuth clients of customers. */
@Injectable()
export class OAuthClientsReader {
  constructor(private readonly database: Database) {}

  /** The client that is active: there is none yet, or none any more, where it is undefined. */
  async findActive(customerId: string): Promise<OAuthClientFacts | undefined> {
    const where = { customerId, state: 'active' } as const;
    return (await this.database.client.oAuthClient.findFirst({ where, select: oauthClient })) ?? undefined;
  }
}
