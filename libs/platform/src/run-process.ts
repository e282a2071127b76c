import { ConfigurationError } from './config.js';
import { isDatabaseUnavailable } from './database/database-unavailable.js';
import { Prisma } from './database/generated/client.js';
import { DomainError } from './errors.js';

/** A process of ours that is up. */
export interface RunningProcess {
  url: string;
  /** Finishes what is under way and lets go of everything; resolves when the process may end. */
  close(): Promise<void>;
}

/** How long closing may take before the process ends all the same; orchestrators commonly kill after 30 s. */
const CLOSE_WITHIN_MS = 25_000;

/** Starts the process and ends it with 0 on SIGTERM and SIGINT; what keeps it from starting is told in a sentence, with exit code 1. */
export async function runProcess(start: (env: NodeJS.ProcessEnv) => Promise<RunningProcess>): Promise<void> {
  // Before the start, so that a signal that comes during it is heeded as soon as there is something to close.
  const toldToEnd = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  try {
    const running = await start(process.env);
    await toldToEnd;
    setTimeout(() => process.exit(1), CLOSE_WITHIN_MS).unref();
    await running.close();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${explainStartFailure(error)}\n`);
    process.exit(1);
  }
}

/** Why a process did not start, in a sentence for whoever started it. */
export function explainStartFailure(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof DomainError) return error.message;
  if (isTableMissing(error)) {
    return 'The database lacks tables of this version. Run "npm run db:migrate", then start again.';
  }
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${address} is in use. Stop what listens there, or set PORT to another one.`;
  if (code === 'EACCES') return `Port ${port} on ${address} may not be used by this user. Set PORT to one above 1023.`;
  if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL') {
    return 'HOST is not an address of this machine. Set it to one, e.g. 127.0.0.1 or 0.0.0.0.';
  }
  if (isDatabaseUnavailable(error)) {
    return 'The database does not answer or does not let us in. Check that PostgreSQL runs, and the host, user, password and database in DATABASE_URL.';
  }
  // A mistake of ours shows where; everything else was thrown to be read.
  const isOurs = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
  return isOurs ? `The process could not start: ${error.stack}` : (error as Error).message;
}

/** Prisma's codes for a missing table and a missing column (prisma.io, error reference). */
function isTableMissing(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && ['P2021', 'P2022'].includes(error.code);
}
