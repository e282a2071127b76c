import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';

/** How the secrets of all customers stand. Ages in seconds; 0 where there is none. */
export interface SecretAges {
  /** How long the oldest current secret has been in use. */
  oldestSecretSeconds: number;
  /** How long the rotation that is longest overdue has been due; more than a few minutes outside the blackouts means that nobody sweeps. */
  rotationOverdueSeconds: number;
  /** The same of comparisons with Qlik. */
  reconciliationOverdueSeconds: number;
  /** Rotations that stopped because nobody has shown to use the new secret. */
  acknowledgementsOverdue: number;
}

/** Reads how the secrets stand, for whoever watches. */
@Injectable()
export class SecretAgesReader {
  constructor(private readonly database: Database) {}

  async read(): Promise<SecretAges> {
    const [ages] = await this.database.sql.$queryRaw<[SecretAges]>`
      SELECT
        coalesce(extract(epoch FROM now() - (SELECT min(promoted_at) FROM secret_versions WHERE state = 'current')), 0)::float8
          AS "oldestSecretSeconds",
        greatest(0, coalesce(extract(epoch FROM now() - (SELECT min(next_rotation_at) FROM customers
          WHERE next_rotation_at IS NOT NULL AND state IN ('ready', 'degraded'))), 0))::float8 AS "rotationOverdueSeconds",
        greatest(0, coalesce(extract(epoch FROM now() - (SELECT min(next_reconciliation_at) FROM customers
          WHERE next_reconciliation_at IS NOT NULL AND state IN ('ready', 'degraded'))), 0))::float8 AS "reconciliationOverdueSeconds",
        (SELECT count(*) FROM runs WHERE plan = 'rotation' AND state = 'needs_attention' AND step = 'grace')::int AS "acknowledgementsOverdue"`;
    return ages;
  }
}
