import { PrismaPg } from '@prisma/adapter-pg';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Pool } from 'pg';
import type { Secret } from '../secret.js';
import { openConnectionPool } from './connection-pool.js';
import { Prisma, PrismaClient } from './generated/client.js';
import { nameStatement, PgSql, type Sql } from './sql.js';

/** A transaction under way. A repository that must be part of one takes it as a required argument. */
export type Transaction = Prisma.TransactionClient;

export interface DatabaseOptions {
  url: Secret;
  /** Connections this process may hold. */
  maxConnections: number;
  /** How long a statement may take, in milliseconds; 30 s unless given. */
  answerWithinMs?: number;
}

/** PostgreSQL on one pool of connections: Prisma's generated client, and plain SQL where every millisecond counts. */
@Injectable()
export class Database implements OnApplicationShutdown {
  readonly client: PrismaClient;
  /** Statements that commit by themselves. */
  readonly sql: Sql;
  readonly #pool: Pool;

  constructor(options: DatabaseOptions) {
    this.#pool = openConnectionPool({
      url: options.url,
      max: options.maxConnections,
      connectWithinMs: 5_000,
      answerWithinMs: options.answerWithinMs,
      // Whoever needs one next hears of an outage.
      noteLoss: () => undefined,
    });
    const adapter = new PrismaPg(this.#pool, {
      disposeExternalPool: true,
      statementNameGenerator: ({ sql }) => nameStatement(sql),
    });
    this.client = new PrismaClient({ adapter, errorFormat: 'minimal' });
    this.sql = new PgSql(this.#pool);
  }

  /** Runs `work` in one transaction of Prisma's: committed when it resolves, rolled back when it rejects. Nothing slow belongs inside. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.client.$transaction(work, { maxWait: 10_000, timeout: 15_000 });
  }

  /** The same for plain SQL, on the hot paths. */
  async sqlTransaction<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
    const connection = await this.#pool.connect();
    let broken: Error | undefined;
    const noteLoss = (error: Error): void => void (broken = error);
    connection.on('error', noteLoss);
    try {
      await connection.query('BEGIN');
      const result = await work(new PgSql(connection));
      const { command } = await connection.query('COMMIT');
      if (command !== 'COMMIT') throw new Error('The transaction was rolled back: a statement in it had failed.');
      return result;
    } catch (error) {
      // What cannot even roll back is not given to anybody else.
      await connection.query('ROLLBACK').catch((failure: Error) => (broken = failure));
      throw error;
    } finally {
      connection.off('error', noteLoss);
      connection.release(broken);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.$disconnect();
    if (!this.#pool.ended) await this.#pool.end();
  }
}
