import { AuditTrail, SYSTEM_CHAIN } from '@app/audit';
import { Database, Prisma, type Sql } from '@app/platform';
import { regionOf } from '@app/qlik';
import { Injectable } from '@nestjs/common';

/** Runs that stopped for a refused parent client a while ago say nothing of now. */
const LOOKED_BACK_MS = 600_000;

/** From one report on a region to the next, however many runs stop meanwhile. */
const QUIET_MS = 3_600_000;

/** Stopped runs that are looked at: one of them is enough for its region. */
const LOOKED_AT = 1_000;

/** Reports parent clients that Qlik refuses, found by the runs that stopped for it: a refusal is never lost with the process that met it. */
@Injectable()
export class ParentClientWatch {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
  ) {}

  /** Writes `parent_client.failing` for each region that was refused lately and of which nothing was said for an hour; returns how many. */
  async sweep(): Promise<number> {
    const hosts = await this.database.sql.$queryRaw<{ tenantHost: string }[]>`
      SELECT DISTINCT customers.tenant_host AS "tenantHost" FROM (
        SELECT subject FROM audit_events
        WHERE action IN ('run.needs_attention', 'run.failed') AND id > ${idsSince(LOOKED_BACK_MS)}
          AND data ->> 'code' = 'PARENT_REFUSED'
        ORDER BY id DESC LIMIT ${LOOKED_AT}) stopped
        JOIN customers ON customers.id = (stopped.subject ->> 'customerId')::uuid`;
    const regions = new Set(hosts.flatMap(({ tenantHost }) => regionOf(tenantHost) ?? []));
    let reported = 0;
    for (const region of regions) {
      if (await this.database.sqlTransaction((tx) => this.#report(tx, region))) reported += 1;
    }
    return reported;
  }

  async #report(tx: Sql, region: string): Promise<boolean> {
    // Several workers sweep at once.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('parent_client.failing'), hashtext(${region}))`;
    const said = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM audit_events
      WHERE action = 'parent_client.failing' AND id > ${idsSince(QUIET_MS)} AND subject ->> 'region' = ${region} LIMIT 1`;
    if (said.length > 0) return false;
    await this.audit.append(tx, {
      chain: SYSTEM_CHAIN,
      action: 'parent_client.failing',
      actor: 'worker',
      subject: { region },
      data: { code: 'PARENT_REFUSED' },
    });
    return true;
  }
}

/** The least id of audit events of the last so many milliseconds: an id of version 7 begins with its time (RFC 9562, section 5.7). */
const idsSince = (ms: number): Prisma.Sql => Prisma.sql`
  rpad(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - ${ms}::bigint), 12, '0'), 32, '0')::uuid`;
