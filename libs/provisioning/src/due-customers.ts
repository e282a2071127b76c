import { Inject, Injectable } from '@nestjs/common';
import { Database, DomainError, Prisma, type Run, type Sql } from '@app/platform';
import { isPausedFor, RUN_LOGGER, RunWaker } from '@app/runs';
import type { Logger } from 'pino';

/** Runs begun by one sweep: what is due beyond that waits for the next, so that an outage does not have a whole fleet come at once. */
const MOST_AT_ONCE = 500;

/** How long a customer is left alone whose run cannot begin, because another one changes it. */
const BUSY_MS = 60_000;

const COLUMNS = {
  rotation: Prisma.sql`next_rotation_at`,
  reconciliation: Prisma.sql`next_reconciliation_at`,
};

/** A customer whose date has come; its row is held until the transaction ends. */
export interface DueCustomer {
  id: string;
  /** When and how its secret is rotated, as stored. */
  rotation: unknown;
  /** The database's time. */
  now: Date;
}

/** Begins the customer's run, or says until when it must wait. It sets the customer's next date, unless it says so. */
export type Begin = (tx: Sql, customer: DueCustomer) => Promise<Run | Date>;

/** Finds the customers whose date has come, each in a transaction of its own. Any number of processes may sweep at once: a customer is taken by one of them. What a pause would hold is not begun, and stays due: a run of it would only keep the customer from others. */
@Injectable()
export class DueCustomers {
  constructor(
    private readonly database: Database,
    private readonly waker: RunWaker,
    @Inject(RUN_LOGGER) private readonly logger: Logger,
  ) {}

  /** Has `begin` take each customer that is due, and returns how many runs it began. One customer that it fails for is left alone for a minute, and does not keep the others waiting. */
  async sweep(plan: keyof typeof COLUMNS, begin: Begin): Promise<number> {
    let begun = 0;
    while (begun < MOST_AT_ONCE) {
      const taken = await this.#takeOne(plan, begin);
      if (taken === undefined) break;
      if (taken.run === null) continue;
      this.waker.wake(taken.run);
      begun += 1;
    }
    await this.waker.drain();
    return begun;
  }

  /** Undefined when nobody is due; the run is null when the customer was given a later date instead. */
  async #takeOne(plan: keyof typeof COLUMNS, begin: Begin): Promise<{ run: Run | null } | undefined> {
    const column = COLUMNS[plan];
    let customer: DueCustomer | undefined;
    try {
      return await this.database.sqlTransaction(async (tx) => {
        [customer] = await tx.$queryRaw<DueCustomer[]>`
          SELECT id, rotation, now() AS now FROM customers
          WHERE ${column} <= now() AND state IN ('ready', 'degraded') AND NOT ${isPausedFor(plan)}
          ORDER BY ${column} LIMIT 1 FOR UPDATE SKIP LOCKED`;
        if (customer === undefined) return undefined;
        const result = await begin(tx, customer);
        if (!(result instanceof Date)) return { run: result };
        await postpone(tx, column, customer, result);
        return { run: null };
      });
    } catch (error) {
      if (customer === undefined) throw error;
      const { id: customerId } = customer;
      const isBusy = error instanceof DomainError && error.kind === 'conflict';
      if (!isBusy) this.logger.error({ customerId, err: error }, 'What was due for a customer could not be begun.');
      await postpone(this.database.sql, column, customer, afterBusy(customer));
      return { run: null };
    }
  }
}

/** When a customer is looked at again that is busy at this moment. */
export const afterBusy = ({ now }: DueCustomer): Date => new Date(now.getTime() + BUSY_MS);

async function postpone(sql: Sql, column: Prisma.Sql, { id }: DueCustomer, until: Date): Promise<void> {
  await sql.$executeRaw`UPDATE customers SET ${column} = ${until.toISOString()}::timestamptz WHERE id = ${id}::uuid AND ${column} <= now()`;
}
