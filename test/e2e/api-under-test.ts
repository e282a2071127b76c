import { ApiKeys, type Scope, scopes } from '@app/access';
import { AuditTrail } from '@app/audit';
import type { Problem } from '@app/http';
import type { Database } from '@app/platform';
import { migrateQueue } from '@app/queue';
import { pino } from 'pino';
import { startApi } from '../../apps/api/src/start-api.js';
import { createTestDatabase } from '../test-database.js';

/** What the API answered. */
export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

/** One call: `body` is sent as JSON unless it is text, `key` is the API key (null: none). */
export interface Call {
  body?: unknown;
  key?: string | null;
  headers?: Record<string, string>;
}

/** The API on a database of its own, with its queue in PostgreSQL. */
export interface ApiUnderTest {
  url: string;
  database: Database;
  /** A key with every scope. */
  key: string;
  /** Every line logged so far. */
  logged(): string;
  makeKey(scopes: readonly Scope[], expiresAt?: Date, now?: Date): Promise<{ id: string; key: string }>;
  call<Body = Problem>(method: string, path: string, call?: Call): Promise<Answer<Body>>;
  close(): Promise<void>;
}

/** Settings that every test shares. */
export const LOCAL_KEYS = `test:${Buffer.alloc(32, 7).toString('base64')}`;

/** Tests ask faster than callers, and are refused more often. */
const NO_LIMITS = { API_REQUESTS_PER_MINUTE: '0', API_REFUSALS_PER_MINUTE: '0' };

/** Starts the API in this process on a free port. */
export async function startApiUnderTest(env: NodeJS.ProcessEnv = {}): Promise<ApiUnderTest> {
  const { url: databaseUrl, database, close } = await createTestDatabase();
  await migrateQueue(databaseUrl);
  const lines: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const api = await startApi(
    { DATABASE_URL: databaseUrl.reveal(), LOCAL_KEYS, PORT: '0', NODE_ENV: 'test', ...NO_LIMITS, ...env },
    { logger },
  );
  const makeKey: ApiUnderTest['makeKey'] = async (
    held,
    expiresAt = new Date(Date.now() + 86_400_000),
    now = new Date(),
  ) => {
    const apiKeys = new ApiKeys(database, new AuditTrail(database), logger, () => now);
    const { id, key } = await apiKeys.create({
      name: `Test ${++keysMade}`,
      scopes: [...held],
      expiresAt,
      actor: 'test',
    });
    return { id, key: key.reveal() };
  };
  const { key } = await makeKey(Object.keys(scopes) as Scope[]);
  return {
    url: api.url,
    database,
    key,
    logged: () => lines.join(''),
    makeKey,
    call: (method, path, call) => send(api.url, key, method, path, call),
    close: async () => {
      await api.close();
      await close();
    },
  };
}

async function send<Body>(
  url: string,
  key: string,
  method: string,
  path: string,
  call: Call = {},
): Promise<Answer<Body>> {
  const authorization = call.key === null ? {} : { authorization: `Bearer ${call.key ?? key}` };
  const response = await fetch(url + path, {
    method,
    headers: {
      ...authorization,
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
    },
    ...(call.body === undefined ? {} : { body: typeof call.body === 'string' ? call.body : JSON.stringify(call.body) }),
  });
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as Body };
}

/** A body that is accepted, different each time. */
export function newCustomer(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const number = ++made;
  return {
    externalId: `customer-${number}`,
    name: `Customer ${number}`,
    tenantHost: `customer-${number}.eu.qlikcloud.com`,
    ...changes,
  };
}

let made = 0;
/** No more than two active keys may have one name. */
let keysMade = 0;
