import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, truncateSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Database, migrate, Secret } from '@app/platform';
import { migrateQueue } from '@app/queue';
import { Redis } from 'ioredis';
import { PostgresServer } from '../../../apps/quickstart/src/postgres-server.js';
import { makeApiKey } from '../../api-key.js';
import { type AppProcess, startAppProcess } from '../../processes.js';
import { type RedisServer, startRedis } from '../../redis-server.js';
import { LogFile } from './log-file.js';
import { SandboxControl } from './sandbox-control.js';
import { TcpProxy } from './tcp-proxy.js';
import { Workers, type WorkerSetup } from './workers.js';

/** What carries the queue. */
export type Backend = 'redis' | 'postgres';

/** Every backend, in the order of the table. */
export const backends: readonly Backend[] = ['redis', 'postgres'];

/** The OEM’s client of every region. */
export const parentClient = { clientId: 'parent', clientSecret: 'parent-secret-of-the-chaos-suite' };

/** How long an old secret goes on working after the new one was read. */
export const GRACE_MS = 1_500;

/** How secrets are rotated, for the API and the workers. Nothing is overdue here: every consumer reads, in its time. */
const rotation = { ROTATION_GRACE_SECONDS: `${GRACE_MS / 1000}`, ROTATION_DEADLINE_SECONDS: '3600' };

/** The protocol's times in seconds, scaled down; a lease is still long for two busy cores. */
const times = {
  RUN_LEASE_SECONDS: '3',
  QLIK_TIMEOUT_SECONDS: '1',
  QLIK_LIST_LAG_SECONDS: '0.5',
  SWEEP_SECONDS: '0.5',
  QLIK_CIRCUIT_OPEN_SECONDS: '1',
};

const preload = ['../../register.ts', '../seams/edit-modules.ts', '../seams/skew-clock.ts'].map(
  (path) => new URL(path, import.meta.url).href,
);

/** A whole installation in processes of its own: PostgreSQL, perhaps Redis, the sandbox, the API, and three workers; all on loopback. */
export class Rig {
  /** Not children of this process, which therefore outlive it unless they are told to end. */
  static readonly #servers = new Set<PostgresServer>();

  private constructor(
    readonly backend: Backend,
    readonly folder: string,
    readonly postgres: PostgresServer,
    readonly databaseUrl: Secret,
    /** Between PostgreSQL and whoever is started with `relayedDatabaseUrl`. */
    readonly relay: TcpProxy,
    readonly database: Database,
    readonly redis: RedisServer | undefined,
    readonly env: NodeJS.ProcessEnv,
    readonly apiKey: string,
    readonly log: LogFile,
    public sandboxProcess: AppProcess,
    public api: AppProcess,
    readonly workers: Workers,
  ) {}

  /** Starts everything but the workers, with files under `folder`. */
  static async start(backend: Backend, folder: string): Promise<Rig> {
    mkdirSync(folder, { recursive: true });
    // Root runs PostgreSQL as another user, who must be able to pass through.
    chmodSync(folder, 0o711);
    const postgres = await PostgresServer.start({
      folder: join(folder, 'postgres'),
      password: new Secret('postgres'),
      // Processes are killed here, machines are not.
      settings: ['fsync=off', 'max_connections=150', 'max_wal_size=256MB', 'wal_keep_size=256MB'],
    });
    Rig.#servers.add(postgres);
    const relay = await TcpProxy.start(postgres.port);
    const databaseUrl = await postgres.ensureDatabase('provisioner');
    await migrate(databaseUrl);
    await migrateQueue(databaseUrl);
    const database = new Database({ url: databaseUrl, maxConnections: 8 });
    const redis = backend === 'redis' ? await startRedis() : undefined;
    const apiKey = await makeApiKey(database);
    const log = new LogFile(join(folder, 'processes.log'));
    appendFileSync(join(folder, 'issued-secrets'), '');
    const sandbox = await startSandbox(folder, log);
    const env: NodeJS.ProcessEnv = {
      NODE_ENV: 'test',
      API_REQUESTS_PER_MINUTE: '0',
      LOG_LEVEL: 'debug',
      DATABASE_URL: databaseUrl.reveal(),
      ...(redis === undefined ? {} : { REDIS_URL: redis.url.reveal() }),
      LOCAL_KEYS: `chaos:${randomBytes(32).toString('base64')}`,
      QLIK_ENDPOINT: sandbox.url,
      QLIK_REGIONS: 'eu,us',
      QLIK_TIMEOUT_SECONDS: times.QLIK_TIMEOUT_SECONDS,
      WEBHOOK_ALLOW_LOOPBACK: 'true',
      ...rotation,
    };
    const api = await startAppProcess('api', env, { log: log.write });
    const workers = new Workers(
      { ...env, ...times, QLIK_PARENT_CLIENTS: JSON.stringify({ eu: parentClient, us: parentClient }) },
      preload,
      log.write,
    );
    return new Rig(
      backend,
      folder,
      postgres,
      databaseUrl,
      relay,
      database,
      redis,
      env,
      apiKey,
      log,
      sandbox,
      api,
      workers,
    );
  }

  get sandbox(): SandboxControl {
    return new SandboxControl(this.sandboxProcess.url, parentClient);
  }

  /** The database by way of the relay. */
  get relayedDatabaseUrl(): string {
    return this.relay.lead(this.databaseUrl).reveal();
  }

  /** Where the sandbox notes every secret it hands out. */
  get issuedSecrets(): string {
    return join(this.folder, 'issued-secrets');
  }

  /** Where everything is that the processes of this rig keep. */
  get searchedFolders(): readonly string[] {
    return [join(this.folder, 'postgres'), ...(this.redis === undefined ? [] : [this.redis.dir])];
  }

  /** Has everything written that is still held in memory. */
  async persist(): Promise<void> {
    await this.log.flush();
    await this.database.client.$executeRaw`CHECKPOINT`;
    if (this.redis === undefined) return;
    const client = new Redis(this.redis.url.reveal());
    await client.save();
    client.disconnect();
  }

  /** Forgets the secrets and the log lines so far. */
  forgetOutput(): void {
    truncateSync(this.issuedSecrets);
    truncateSync(this.log.path);
  }

  /** Starts the workers that a fault asks for, and ends those of the one before. */
  setWorkers(setup: readonly WorkerSetup[]): Promise<void> {
    return this.workers.set(setup);
  }

  /** Kills the API and starts another, an ordinary one by default. */
  async restartApi({ env = {}, edits = [] }: WorkerSetup = {}): Promise<void> {
    await this.api.kill('SIGKILL');
    const withEdits = { ...this.env, ...env, CHAOS_EDITS: edits.join(',') };
    this.api = await startAppProcess('api', withEdits, { preload, log: this.log.write });
  }

  /** Has every process that starts from now on use these key-encryption keys. */
  useKeys(keys: string): void {
    this.env.LOCAL_KEYS = keys;
    this.workers.env.LOCAL_KEYS = keys;
  }

  /** Starts another worker, and ends it at once. Throws when it does not start. */
  async tryWorker(env: NodeJS.ProcessEnv): Promise<void> {
    const worker = await startAppProcess('worker', { ...this.workers.env, ...env }, { log: this.log.write });
    await worker.kill('SIGKILL');
  }

  /** Starts another API, and ends it at once. Throws when it does not start. */
  async tryApi(env: NodeJS.ProcessEnv): Promise<void> {
    const api = await startAppProcess('api', { ...this.env, ...env }, { log: this.log.write });
    await api.kill('SIGKILL');
  }

  /** A Qlik that has forgotten everything, at the same address. */
  async restartSandbox(): Promise<void> {
    const port = new URL(this.sandboxProcess.url).port;
    await this.sandboxProcess.kill('SIGKILL');
    this.sandboxProcess = await startSandbox(this.folder, this.log, port);
  }

  /** Ends the database servers of all rigs, for a process that is about to end. */
  static async endServers(): Promise<void> {
    await Promise.allSettled([...Rig.#servers].map((server) => server.stop()));
  }

  /** Ends everything and removes the files. */
  async stop(): Promise<void> {
    await this.workers.end('SIGKILL');
    await this.api.kill('SIGKILL');
    await this.sandboxProcess.kill('SIGKILL');
    await this.redis?.stop();
    await this.database.onApplicationShutdown();
    await this.relay.stop();
    await this.postgres.stop();
    Rig.#servers.delete(this.postgres);
    await this.log.close();
    await rm(this.folder, { recursive: true });
  }
}

function startSandbox(folder: string, log: LogFile, port = '0'): Promise<AppProcess> {
  const env = {
    PORT: port,
    LOG_LEVEL: 'info',
    QLIK_PARENT_CLIENTS: JSON.stringify({ eu: parentClient, us: parentClient }),
    CHAOS_EDITS: 'tap-secrets',
    CHAOS_TAP_FILE: join(folder, 'issued-secrets'),
  };
  return startAppProcess('sandbox', env, { preload, log: log.write });
}
