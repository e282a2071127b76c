import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { findPendingMigrations } from '../database/pending-migrations.js';
import { DomainError } from '../errors.js';

/** How long the database may take to answer before the process counts as not ready. */
const DEADLINE_MS = 3_000;

/** Whether this process can do its work: PostgreSQL answers and has every migration. Neither Redis nor Qlik is asked: both may be away for a while without anything being lost. */
@Injectable()
export class Readiness {
  constructor(private readonly database: Database) {}

  /** Throws `DATABASE_UNAVAILABLE` or `MIGRATIONS_PENDING`. */
  async assert(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`No answer within ${DEADLINE_MS} ms.`)), DEADLINE_MS);
    });
    const pending = await Promise.race([findPendingMigrations(this.database), late])
      .catch((cause: unknown) => {
        throw new DomainError(
          'unavailable',
          'DATABASE_UNAVAILABLE',
          'PostgreSQL does not answer. Check that it runs and that DATABASE_URL names it.',
          { cause, retryAfterSeconds: 5 },
        );
      })
      .finally(() => clearTimeout(timer));
    if (pending.length > 0) {
      throw new DomainError(
        'unavailable',
        'MIGRATIONS_PENDING',
        `The database lacks ${pending.map((name) => `"${name}"`).join(', ')}. Run "npm run db:migrate".`,
        { retryAfterSeconds: 30 },
      );
    }
  }
}
