import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';

/** How long deliveries are kept, and can be replayed, in days. */
const KEPT_DAYS = 30;

const BATCH = 1_000;

/** Forgets deliveries that are settled and old, and secrets that no longer sign. */
@Injectable()
export class WebhookCleaning {
  constructor(private readonly database: Database) {}

  /** Deletes in small steps and returns how many deliveries went. */
  async run(): Promise<number> {
    await this.database.sql.$executeRaw`DELETE FROM webhook_secrets WHERE signs_until < now()`;
    for (let total = 0; ;) {
      const deleted = await this.database.sql.$executeRaw`
        DELETE FROM webhook_deliveries WHERE id IN (
          SELECT id FROM webhook_deliveries
          WHERE created_at < now() - ${KEPT_DAYS} * interval '1 day' AND state <> 'pending'
          ORDER BY created_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`;
      total += deleted;
      if (deleted < BATCH) return total;
    }
  }
}
