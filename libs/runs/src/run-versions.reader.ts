import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import { OPEN_STATES } from './run-states.js';
import { TENANT_OF_RUN } from './tenant-of-run.js';

/** What changes whenever a run is shown differently. */
export interface RunVersion {
  runId: string;
  revision: number;
  /** The pause that holds it, as `PausesService.addPauses` finds it. */
  pauseId: string | null;
}

/** Tells which runs have changed, for one small statement however many are asked about. */
@Injectable()
export class RunVersionsReader {
  constructor(private readonly database: Database) {}

  /** The versions of those of these runs that exist, in no order. */
  list(runIds: readonly string[]): Promise<RunVersion[]> {
    return this.database.sql.$queryRaw<RunVersion[]>`
      SELECT runs.id AS "runId", runs.revision, held.id AS "pauseId"
      FROM runs LEFT JOIN LATERAL (
        SELECT pauses.id FROM pauses
        WHERE runs.state::text = ANY(${OPEN_STATES}::text[])
          AND (pauses.plan = runs.plan OR pauses.tenant_host = ${TENANT_OF_RUN})
        ORDER BY pauses.id LIMIT 1) held ON true
      WHERE runs.id = ANY(${runIds}::uuid[])`;
  }
}
