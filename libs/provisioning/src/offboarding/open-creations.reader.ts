import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import { type CreationIntent, parseCreationIntent } from '../onboarding/creation-intent.js';

/** Reads what a customer's onboardings had set out to make. */
@Injectable()
export class OpenCreationsReader {
  constructor(private readonly database: Database) {}

  /**
   * The intents of onboardings that neither came to their end nor took back what they made: each may have a client at Qlik that no row records.
   * None of a customer that was signed up with a client of the OEM's: no client is ever asked for there, and other clients may bear the name of that one.
   */
  async list(customerId: string): Promise<CreationIntent[]> {
    const rows = await this.database.sql.$queryRaw<{ intent: unknown }[]>`
      SELECT intent FROM runs WHERE customer_id = ${customerId}::uuid AND plan = 'onboarding' AND state <> 'succeeded'
        AND intent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM existing_clients WHERE customer_id = runs.customer_id)
      ORDER BY id`;
    return rows.flatMap(({ intent }) => parseCreationIntent(intent) ?? []);
  }
}
