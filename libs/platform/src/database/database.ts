import { PrismaPg } from '@prisma/adapter-pg';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Secret } from '../secret.js';
import { Prisma, PrismaClient } from './generated/client.js';

/** A transaction under way. A repository that must be part of one takes it as a required argument. */
export type Transaction = Prisma.TransactionClient;

export interface DatabaseOptions {
  url: Secret;
  /** Connections this process may hold. */
  maxConnections: number;
}

/** PostgreSQL through Prisma: the generated client, and transactions. */
@Injectable()
export class Database implements OnApplicationShutdown {
  readonly client: PrismaClient;

  constructor(options: DatabaseOptions) {
    const adapter = new PrismaPg({
      connectionString: options.url.reveal(),
      max: options.maxConnections,
      keepAlive: true,
      // adapter-pg sends and reads instants without their offset: the session must be in UTC, whatever the database's own zone.
      options: '-c TimeZone=UTC',
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
    });
    this.client = new PrismaClient({ adapter, errorFormat: 'minimal' });
  }

  /** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. Nothing slow belongs inside. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.client.$transaction(work, { maxWait: 10_000, timeout: 15_000 });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.$disconnect();
  }
}
