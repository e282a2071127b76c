import type { RunningProcess } from '@app/platform';
import { migrateQueue } from '@app/queue';
import { pino } from 'pino';
import { request } from 'undici';
import { startApi } from '../apps/api/src/start-api.js';
import { type Sandbox, startSandbox } from '../apps/sandbox/src/start-sandbox.js';
import { startWorker } from '../apps/worker/src/start-worker.js';
import { makeApiKey } from './api-key.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

export const parentClient = { clientId: 'parent', clientSecret: 'parent-secret-of-the-tests' };

/** Lease, timeout and list lag scaled down, so that a lost answer is settled within a second. */
const FAST = {
  RUN_LEASE_SECONDS: '0.8',
  QLIK_TIMEOUT_SECONDS: '0.3',
  QLIK_LIST_LAG_SECONDS: '0.1',
  SWEEP_SECONDS: '0.2',
};

export interface StackOptions {
  backend?: 'redis' | 'postgres';
  env?: NodeJS.ProcessEnv;
  /** Where log lines go; nowhere by default. */
  log?: { write(line: string): void };
}

/** Sandbox, API and worker in this process, each as its own main file starts it, on a database of their own. */
export class Stack {
  private constructor(
    readonly test: TestDatabase,
    readonly sandbox: Sandbox,
    readonly env: NodeJS.ProcessEnv,
    readonly api: RunningProcess,
    readonly apiKey: string,
    public worker: RunningProcess,
    readonly redis: RedisServer | undefined,
  ) {}

  static async start({ backend = 'postgres', env = {}, log }: StackOptions = {}): Promise<Stack> {
    const test = await createTestDatabase();
    await migrateQueue(test.url);
    const redis = backend === 'redis' ? await startRedis() : undefined;
    const sandbox = await startSandbox({ port: 0, parentClients: { eu: parentClient } });
    const fullEnv: NodeJS.ProcessEnv = {
      NODE_ENV: 'test',
      API_REQUESTS_PER_MINUTE: '0',
      LOG_LEVEL: log === undefined ? 'silent' : 'debug',
      PORT: '0',
      DATABASE_URL: test.url.reveal(),
      ...(redis === undefined ? {} : { REDIS_URL: redis.url.reveal() }),
      LOCAL_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      QLIK_ENDPOINT: sandbox.url,
      QLIK_REGIONS: 'eu,us',
      QLIK_PARENT_CLIENTS: JSON.stringify({ eu: parentClient }),
      ...FAST,
      ...env,
    };
    const logger = log === undefined ? pino({ level: 'silent' }) : pino({ level: 'debug' }, log);
    const apiKey = await makeApiKey(test.database);
    const api = await startApi(fullEnv, { logger });
    const worker = await startWorker(fullEnv, { logger });
    return new Stack(test, sandbox, fullEnv, api, apiKey, worker, redis);
  }

  /** A call to the API with a key that has every scope. */
  async call(method: string, path: string, options: { body?: object; headers?: Record<string, string> } = {}) {
    const response = await request(new URL(path, this.api.url), {
      method: method as 'GET',
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      body: options.body === undefined ? null : JSON.stringify(options.body),
    });
    const text = await response.body.text();
    return {
      status: response.statusCode,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  /** Accepts a customer of the given name, at a tenant of the same name. */
  async onboard(name: string, more: object = {}): Promise<{ customerId: string; runId: string }> {
    const { status, body } = await this.call('POST', '/v1/customers', {
      headers: { 'idempotency-key': `onboard-${name}` },
      body: { externalId: name, name, tenantHost: `${name}.eu.qlikcloud.com`, ...more },
    });
    if (status !== 202) throw new Error(`The API answered ${status}: ${JSON.stringify(body)}`);
    return { customerId: body.customer.id, runId: body.run.id };
  }

  /** The run once `isReached` holds of it. */
  async runWhen(runId: string, isReached: (run: any) => boolean, withinMs = 15_000): Promise<any> {
    for (const giveUpAt = Date.now() + withinMs; ;) {
      const { body: run } = await this.call('GET', `/v1/runs/${runId}`);
      if (isReached(run)) return run;
      if (Date.now() > giveUpAt) throw new Error(`The run did not get there: ${JSON.stringify(run, null, 1)}`);
    }
  }

  /** The run once it has come to a stop. */
  runEnd(runId: string, withinMs?: number): Promise<any> {
    const ends = ['succeeded', 'failed', 'needs_attention', 'cancelled'];
    return this.runWhen(runId, (run) => ends.includes(run.state), withinMs);
  }

  /** Asks the sandbox's control API. */
  async sandboxCall(method: string, path: string, body?: object): Promise<any> {
    const response = await request(new URL(`/_sandbox${path}`, this.sandbox.url), {
      method: method as 'GET',
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode >= 300) throw new Error(`The sandbox answered ${response.statusCode}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  fault(fault: object): Promise<{ id: string }> {
    return this.sandboxCall('POST', '/faults', fault);
  }

  state(name?: string): Promise<any> {
    return this.sandboxCall('GET', name === undefined ? '/state' : `/state?tenantHost=${name}.eu.qlikcloud.com`);
  }

  async close(): Promise<void> {
    await this.worker.close();
    await this.api.close();
    await this.sandbox.close();
    await this.redis?.stop();
    await this.test.close();
  }
}
