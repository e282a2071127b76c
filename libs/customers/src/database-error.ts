import { Prisma } from '@app/platform';

/** PostgreSQL's code (SQLSTATE) of an error thrown by a raw statement; undefined for any other error. */
export function findSqlState(error: unknown): string | undefined {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return undefined;
  const adapterError = error.meta?.driverAdapterError as { cause?: { originalCode?: string } } | undefined;
  return adapterError?.cause?.originalCode;
}
