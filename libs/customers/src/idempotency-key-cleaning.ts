import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';

/** Keys that one turn deletes at most. */
const BATCH = 1_000;

/** Forgets idempotency keys that have expired, which count as never used already. */
@Injectable()
export class IdempotencyKeyCleaning {
  constructor(private readonly database: Database) {}

  /** Deletes up to a thousand of them, the oldest first, and returns how many; a key that a request is writing anew is left to it. */
  sweep(): Promise<number> {
    return this.database.sql.$executeRaw`
      WITH expired AS MATERIALIZED (
        SELECT caller, key FROM idempotency_keys WHERE expires_at <= now()
        ORDER BY expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
      DELETE FROM idempotency_keys kept USING expired WHERE kept.caller = expired.caller AND kept.key = expired.key`;
  }
}
