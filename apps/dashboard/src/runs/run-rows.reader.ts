import { SYSTEM_CHAIN } from '@app/audit';
import { Database, type Prisma } from '@app/platform';
import { Injectable } from '@nestjs/common';

const row = {
  id: true,
  plan: true,
  input: true,
  state: true,
  step: true,
  error: true,
  cancelRequested: true,
  nextRunAt: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
  customer: { select: { id: true, name: true, externalId: true, tenantHost: true, state: true } },
} satisfies Prisma.RunSelect;

/** A run as a list shows it: without its steps, with its customer, if it is for one. */
export type RunRow = Prisma.RunGetPayload<{ select: typeof row }>;

/** Which runs to list: every member given must match. */
export interface RunRowQuery {
  plan?: string | undefined;
  state?: RunRow['state'] | undefined;
  customerId?: string | undefined;
  /** The code of the error a run stopped with. */
  code?: string | undefined;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
  limit: number;
}

/** Reads runs for lists; newest first. */
@Injectable()
export class RunRowsReader {
  constructor(private readonly database: Database) {}

  /** One page; `nextCursor` is absent on the last. */
  async list({ code, cursor, limit, ...exact }: RunRowQuery): Promise<{ runs: RunRow[]; nextCursor?: string }> {
    const rows = await this.database.client.run.findMany({
      where: {
        ...exact,
        ...(code === undefined ? {} : { error: { path: ['code'], equals: code } }),
        ...(cursor === undefined ? {} : { id: { lt: cursor } }),
      },
      select: row,
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    const runs = rows.slice(0, limit);
    const last = runs.at(-1);
    return rows.length > limit && last !== undefined ? { runs, nextCursor: last.id } : { runs };
  }

  /** The newest runs that stopped and wait for a person; a run of an offboarded customer has nobody left to wait for. */
  listStopped(limit: number): Promise<RunRow[]> {
    return this.database.client.run.findMany({
      where: {
        state: { in: ['needs_attention', 'failed'] },
        OR: [{ customerId: null }, { customer: { state: { not: 'offboarded' } } }],
      },
      select: row,
      // The order of the enum: needs_attention comes after failed.
      orderBy: [{ state: 'desc' }, { id: 'desc' }],
      take: limit,
    });
  }

  /** The run that took the place of this one, as the audit trail tells; undefined if none did. */
  async findSuccessor({ id, customerId }: { id: string; customerId: string | null }): Promise<string | undefined> {
    const event = await this.database.client.auditEvent.findFirst({
      where: { chain: customerId ?? SYSTEM_CHAIN, action: 'run.superseded', subject: { path: ['runId'], equals: id } },
      select: { subject: true },
      orderBy: { sequence: 'desc' },
    });
    return (event?.subject as { byRunId: string } | undefined)?.byRunId;
  }
}
