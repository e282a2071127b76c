import { Prisma } from './generated/client.js';

/**
 * Prisma's codes for a database that is not reached, lets nobody in or gives no connection (prisma.io, error reference); P2028 is a transaction that could
 * not begin or did not end in time.
 */
const PRISMA_CODES = [
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1010',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
];

/** PostgreSQL's classes 08 (connection), 53 (resources) and 57P (shut down), its read-only standby, and a session it ended for its silence (docs, appendix A). */
const SQL_STATES = /^(08|53|57P|25006|25P03)/;

/** What Prisma's adapter says of a connection that cannot be had or kept, which it gives no code in a raw statement. */
const ADAPTER_KINDS = [
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'AuthenticationFailed',
  'DatabaseAccessDenied',
  'DatabaseDoesNotExist',
];

const SOCKET_CODES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'];

/** Messages of pg and its pool, which give these errors no code. */
const MESSAGES =
  /timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client has encountered a connection error/;

/** Whether the error, or what caused it, means that the database cannot be used now. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  for (let cause = error, depth = 0; typeof cause === 'object' && cause !== null && depth < 5; depth += 1) {
    const { code, kind, originalCode, message, meta, cause: next } = cause as ErrorShape;
    if (kind !== undefined && ADAPTER_KINDS.includes(kind)) return true;
    if (code !== undefined && (PRISMA_CODES.includes(code) || SOCKET_CODES.includes(code))) return true;
    if (SQL_STATES.test(originalCode ?? code ?? '')) return true;
    if (message !== undefined && MESSAGES.test(message)) return true;
    cause = meta?.driverAdapterError ?? next;
  }
  return false;
}

interface ErrorShape {
  code?: string;
  kind?: string;
  originalCode?: string;
  message?: string;
  meta?: { driverAdapterError?: unknown };
  cause?: unknown;
}
