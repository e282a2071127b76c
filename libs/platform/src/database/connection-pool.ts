import type { Socket } from 'node:net';
import { Pool, type PoolClient } from 'pg';
import type { Secret } from '../secret.js';

/**
 * How the sessions of every pool of ours behave. A process that is frozen, or gone without a word, must not keep its rows locked
 * until TCP notices: PostgreSQL ends a transaction that says nothing for ten seconds. And adapter-pg sends and reads instants without
 * their offset: the session must be in UTC, whatever the database's own zone.
 */
export const SESSION_OPTIONS = '-c TimeZone=UTC -c idle_in_transaction_session_timeout=10s';

/** Longer than any statement of ours takes. */
const ANSWER_WITHIN_MS = 30_000;

/** How long a connection may be idle before TCP asks whether the other side is still there. */
const KEEP_ALIVE_AFTER_MS = 10_000;

/** How pg says that a statement had no answer in time. */
const NO_ANSWER = 'Query read timeout';

export interface ConnectionPoolOptions {
  url: Secret;
  /** Connections at once. */
  max: number;
  /** How long a connection may take to come about, in milliseconds. */
  connectWithinMs: number;
  /** How long a statement may take, in milliseconds; 30 s unless given. */
  answerWithinMs?: number | undefined;
  /** Added to `SESSION_OPTIONS`. */
  sessionOptions?: string;
  /** Hears of every connection that breaks. The pool replaces it by itself, and who used it gets the error besides. */
  noteLoss: (error: Error) => void;
}

/** A pool of connections to PostgreSQL in which none is kept that has gone silent: a half-open one would take whatever is sent, and never answer. */
export function openConnectionPool(options: ConnectionPoolOptions): Pool {
  const { url, max, connectWithinMs, answerWithinMs = ANSWER_WITHIN_MS, sessionOptions = '', noteLoss } = options;
  return (
    new Pool({
      connectionString: url.reveal(),
      max,
      // What is idle sends nothing that could go unanswered: TCP asks for it, and not only after two hours.
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      connectionTimeoutMillis: connectWithinMs,
      idleTimeoutMillis: 60_000,
      query_timeout: answerWithinMs,
      options: `${SESSION_OPTIONS} ${sessionOptions}`.trimEnd(),
    })
      .on('error', noteLoss)
      // The server may end a connection in the packet that opens it, before whoever asked for it can listen; and BullMQ does not listen to
      // each that it takes. An unheard error would end the process.
      .on('connect', (connection) => endWhenSilent(connection.on('error', noteLoss)))
  );
}

/** pg gives up the statement alone, and whoever has the connection then would wait behind it. */
function endWhenSilent(connection: PoolClient): void {
  const query = connection.query.bind(connection) as (...statement: unknown[]) => unknown;
  const end = (error: Error): void => {
    if (error.message === NO_ANSWER) socketOf(connection).destroy(error);
  };
  const watched = (...statement: unknown[]): unknown => {
    const answer = query(...statement);
    // With a callback it is the pool that asks, which ends the connection after any error.
    if (answer instanceof Promise) answer.catch(end);
    return answer;
  };
  connection.query = watched as typeof connection.query;
}

/** pg's types leave it out. */
function socketOf(connection: PoolClient): Socket {
  return (connection as unknown as { connection: { stream: Socket } }).connection.stream;
}
