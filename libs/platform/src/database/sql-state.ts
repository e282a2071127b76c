import { DatabaseError } from 'pg';

/** PostgreSQL's code (SQLSTATE) of an error thrown by a statement of an `Sql`; undefined for any other error. */
export function findSqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}
