import { Injectable } from '@nestjs/common';
import { type Customer, type CustomerState, Database, DomainError } from '@app/platform';
import { validate } from 'uuid';
import { customerNotFound } from './customer-not-found.js';

/** Which customers to list: every member given must match. */
export interface CustomerQuery {
  externalId?: string | undefined;
  state?: CustomerState | undefined;
  tenantHost?: string | undefined;
  /** Part of the name or the externalId, in upper or lower case. */
  q?: string | undefined;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
  /** Customers on a page. */
  limit: number;
}

/** A customer and the id of its newest run. */
export type CustomerWithRun = Customer & { currentRunId: string | null };

const newestRun = { runs: { select: { id: true }, orderBy: { id: 'desc' }, take: 1 } } as const;

/** Reads customers; newest first. */
@Injectable()
export class CustomersReader {
  constructor(private readonly database: Database) {}

  /** Throws CUSTOMER_NOT_FOUND. */
  async get(customerId: string): Promise<CustomerWithRun> {
    if (!validate(customerId)) throw customerNotFound(customerId);
    const row = await this.database.client.customer.findUnique({ where: { id: customerId }, include: newestRun });
    if (row === null) throw customerNotFound(customerId);
    return withCurrentRun(row);
  }

  /** One page; `nextCursor` is absent on the last. Throws CURSOR_INVALID for a cursor that no page gave. */
  async list(query: CustomerQuery): Promise<{ customers: CustomerWithRun[]; nextCursor?: string }> {
    if (query.cursor !== undefined && !validate(query.cursor)) throw cursorInvalid();
    const contains = { contains: escapeLike(query.q ?? ''), mode: 'insensitive' } as const;
    const rows = await this.database.client.customer.findMany({
      where: {
        externalId: query.externalId,
        state: query.state,
        tenantHost: query.tenantHost,
        ...(query.q === undefined ? {} : { OR: [{ name: contains }, { externalId: contains }] }),
        ...(query.cursor === undefined ? {} : { id: { lt: query.cursor } }),
      },
      include: newestRun,
      orderBy: { id: 'desc' },
      take: query.limit + 1,
    });
    const customers = rows.slice(0, query.limit).map(withCurrentRun);
    const nextCursor = rows.length > query.limit ? customers.at(-1)?.id : undefined;
    return nextCursor === undefined ? { customers } : { customers, nextCursor };
  }
}

function withCurrentRun({ runs, ...customer }: Customer & { runs: { id: string }[] }): CustomerWithRun {
  return { ...customer, currentRunId: runs[0]?.id ?? null };
}

// Prisma hands the text to LIKE as it is, where "%", "_" and "\\" have a meaning.
const escapeLike = (text: string): string => text.replace(/[%_\\]/g, '\\$&');

const cursorInvalid = (): DomainError =>
  new DomainError(
    'invalid',
    'CURSOR_INVALID',
    'The cursor is not one of ours: begin again without it, or send the nextCursor of the page before unchanged.',
  );
