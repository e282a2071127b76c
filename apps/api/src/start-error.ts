import { ConfigurationError, DomainError, Prisma } from '@app/platform';
import { isDatabaseUnavailable } from './problems/database-unavailable.js';

/** What an operator is told when the API does not start; undefined for an error without a name, which deserves its stack. */
export function describeStartError(error: unknown): string | undefined {
  if (error instanceof ConfigurationError || error instanceof DomainError) return error.message;
  if (isDatabaseUnavailable(error)) {
    return 'The database does not answer or does not let us in. Check that PostgreSQL runs, and the host, user, password and database in DATABASE_URL.';
  }
  if (isTableMissing(error))
    return 'The database lacks tables of this version. Run npm run db:migrate, then start again.';
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return `Port ${port} on ${address} is in use. Stop what listens there, or set PORT to another one.`;
  }
  if (code === 'EACCES') return `Port ${port} on ${address} may not be used by this user. Set PORT to one above 1023.`;
  if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL') {
    return 'HOST is not an address of this machine. Set it to one, e.g. 127.0.0.1 or 0.0.0.0.';
  }
  return undefined;
}

/** Prisma's codes for a missing table and a missing column (prisma.io, error reference). */
function isTableMissing(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && ['P2021', 'P2022'].includes(error.code);
}
