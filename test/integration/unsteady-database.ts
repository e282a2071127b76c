import { Database, type Sql } from '@app/platform';

/** A database whose transactions can be made to fail before they begin, or after they were committed. */
export class UnsteadyDatabase extends Database {
  /** Commits whose answer is lost, from now on. */
  lostAnswers = 0;
  /** Transactions that do not begin, from now on. */
  refusals = 0;
  /** Until when no transaction begins, as while PostgreSQL starts anew; on the scale of `Date.now()`. */
  awayUntil = 0;

  override async sqlTransaction<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
    if (Date.now() < this.awayUntil)
      throw Object.assign(new Error('the database system is starting up'), { code: '57P03' });
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new Error('the connection was refused');
    }
    const result = await super.sqlTransaction(work);
    if (this.lostAnswers === 0) return result;
    this.lostAnswers -= 1;
    throw new Error('the connection broke after COMMIT');
  }
}
