import { Database } from '@app/platform';
import { TENANT_OF_RUN } from '@app/runs';
import { Injectable } from '@nestjs/common';

/** What a pause means at present. */
export interface PauseFacts {
  /** Open runs that it holds, or will at their next step. */
  heldRuns: number;
  /** Whose tenant it is; null for a pause of a plan, and for a tenant that no customer has. */
  customer: { id: string; name: string } | null;
}

/** Reads what pauses hold. */
@Injectable()
export class PauseFactsReader {
  constructor(private readonly database: Database) {}

  /** The facts of each pause that is still in force, by its id. */
  async read(pauseIds: readonly string[]): Promise<Map<string, PauseFacts>> {
    const rows = await this.database.sql.$queryRaw<
      { id: string; heldRuns: number; customerId: string | null; name: string }[]
    >`
      SELECT pauses.id, customers.id AS "customerId", customers.name,
        (SELECT count(*)::int FROM runs WHERE runs.state IN ('queued', 'running', 'waiting')
           AND (runs.plan = pauses.plan OR ${TENANT_OF_RUN} = pauses.tenant_host)) AS "heldRuns"
      FROM pauses LEFT JOIN customers ON customers.tenant_host = pauses.tenant_host AND customers.state <> 'offboarded'
      WHERE pauses.id = ANY(${[...pauseIds]}::uuid[])`;
    return new Map(
      rows.map(({ id, heldRuns, customerId, name }) => [
        id,
        { heldRuns, customer: customerId === null ? null : { id: customerId, name } },
      ]),
    );
  }
}
