import { Injectable } from '@nestjs/common';
import { Database, DomainError, type Prisma, type RunState } from '@app/platform';

const withSteps = {
  steps: { orderBy: { position: 'asc' }, include: { attemptRows: { orderBy: { number: 'asc' } } } },
} satisfies Prisma.RunInclude;

/** A run with its steps in order, and each step's attempts. */
export type RunDetails = Prisma.RunGetPayload<{ include: typeof withSteps }>;

export interface RunQuery {
  plan?: string;
  state?: RunState;
  customerId?: string;
  /** The code of the error a run stopped with. */
  code?: string;
  /** The id of the last run of the page before. */
  cursor?: string;
  limit: number;
}

/** Reads runs; newest first. */
@Injectable()
export class RunsReader {
  constructor(private readonly database: Database) {}

  /** Throws RUN_NOT_FOUND. */
  async get(runId: string): Promise<RunDetails> {
    const run = await this.database.client.run.findUnique({ where: { id: runId }, include: withSteps });
    if (run === null) throw new DomainError('not-found', 'RUN_NOT_FOUND', `There is no run "${runId}".`);
    return run;
  }

  /** Those of these runs that exist, in no order. */
  findAll(runIds: readonly string[]): Promise<RunDetails[]> {
    return this.database.client.run.findMany({ where: { id: { in: [...runIds] } }, include: withSteps });
  }

  /** One page; `nextCursor` is undefined on the last. */
  async list(query: RunQuery): Promise<{ runs: RunDetails[]; nextCursor?: string }> {
    const rows = await this.database.client.run.findMany({
      where: {
        plan: query.plan,
        state: query.state,
        customerId: query.customerId,
        ...(query.code === undefined ? {} : { error: { path: ['code'], equals: query.code } }),
        ...(query.cursor === undefined ? {} : { id: { lt: query.cursor } }),
      },
      include: withSteps,
      orderBy: { id: 'desc' },
      take: query.limit + 1,
    });
    const runs = rows.slice(0, query.limit);
    const last = runs.at(-1);
    return rows.length > query.limit && last !== undefined ? { runs, nextCursor: last.id } : { runs };
  }

  /** The customer's newest run of any plan. */
  async findNewest(customerId: string): Promise<RunDetails | undefined> {
    const run = await this.database.client.run.findFirst({
      where: { customerId },
      include: withSteps,
      orderBy: { id: 'desc' },
    });
    return run ?? undefined;
  }
}
