import { execFile } from 'node:child_process';
import { chown, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { Secret } from '@app/platform';
import { findFreePort } from './free-port.js';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';

const run = promisify(execFile);

/** The user `nobody`: PostgreSQL refuses to be run by root. */
const NOBODY = 65_534;

/** Arguments of util-linux's setpriv: `nobody`, who may yet pass through folders that are closed to him, such as root's home. */
const AS_NOBODY_ANYWHERE = [
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  // Without it, PostgreSQL's own look whether it may run its programs would be judged without the two rights.
  '--securebits=+no_setuid_fixup',
  '--inh-caps=+dac_override,+dac_read_search',
  '--ambient-caps=+dac_override,+dac_read_search',
];

export interface PostgresServerOptions {
  /** Where its files are, and stay. */
  folder: string;
  /** The superuser's password; what the folder was made with counts. */
  password: Secret;
  /** Further settings, e.g. `fsync=off` where what is written is thrown away. */
  settings?: string[];
}

/** A PostgreSQL of our own on a free loopback port. It is no child of this process: Ctrl-C in a terminal does not reach it before us. */
export class PostgresServer {
  private constructor(
    private readonly binaries: PostgresBinaries,
    private readonly folder: string,
    private readonly password: Secret,
    readonly port: number,
  ) {}

  /** Makes the cluster on first use, ends a server that a killed process left behind in the folder, and starts. */
  static async start({ folder, password, settings = [] }: PostgresServerOptions): Promise<PostgresServer> {
    const server = new PostgresServer(await findPostgresBinaries(), folder, password, await findFreePort());
    if (!(await exists(join(folder, 'PG_VERSION')))) await server.#makeCluster();
    if (await exists(join(folder, 'postmaster.pid'))) await server.#endLeftOver();
    const flags = [`port=${server.port}`, 'listen_addresses=127.0.0.1', "unix_socket_directories=''", ...settings];
    const options = flags.map((flag) => `-c ${flag}`).join(' ');
    await server.#asOwner(server.binaries.pg_ctl, [
      '-D',
      folder,
      '-w',
      '-l',
      join(folder, 'server.log'),
      '-o',
      options,
      'start',
    ]);
    return server;
  }

  /** The URL of a database, made if it is missing. */
  async ensureDatabase(name: string): Promise<Secret> {
    const client = new pg.Client({ connectionString: this.#url('postgres') });
    await client.connect();
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    } finally {
      await client.end();
    }
    return new Secret(this.#url(name));
  }

  /** Ends the server; what it stores is on disk. */
  async stop(): Promise<void> {
    await this.#asOwner(this.binaries.pg_ctl, ['-D', this.folder, '-w', '-m', 'fast', 'stop']);
  }

  #url(database: string): string {
    return `postgres://postgres:${encodeURIComponent(this.password.reveal())}@127.0.0.1:${this.port}/${database}`;
  }

  async #makeCluster(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const passwordFile = join(this.folder, '..', '.postgres-password');
    await writeFile(passwordFile, `${this.password.reveal()}\n`, { mode: 0o600 });
    if (isRoot()) for (const path of [this.folder, passwordFile]) await chown(path, NOBODY, NOBODY);
    const settings = [
      '--auth=scram-sha-256',
      '--username=postgres',
      '--encoding=UTF8',
      '--locale=C',
      `--pwfile=${passwordFile}`,
    ];
    try {
      await this.#asOwner(this.binaries.initdb, ['-D', this.folder, ...settings]);
    } finally {
      await rm(passwordFile, { force: true });
    }
  }

  async #endLeftOver(): Promise<void> {
    const [pid] = (await readFile(join(this.folder, 'postmaster.pid'), 'utf8')).split('\n');
    if (pid === undefined || !isAlive(Number(pid))) return;
    // After a reboot the number may be another program's: then pg_ctl finds no server, and starting takes the stale file over.
    await this.stop().catch((error: unknown) => {
      if (!/no server running|No such process|not permitted/.test(String(error))) throw error;
    });
  }

  async #asOwner(program: string, args: string[]): Promise<void> {
    const options = { cwd: '/', env: { ...process.env, LC_ALL: 'C' } };
    try {
      if (!isRoot()) await run(program, args, options);
      else if ((await isOpenToAll(program)) && (await isOpenToAll(this.folder))) {
        await run(program, args, { ...options, uid: NOBODY, gid: NOBODY });
      } else await run('setpriv', [...AS_NOBODY_ANYWHERE, program, ...args], options);
    } catch (error) {
      const { code, stderr = '', stdout = '' } = error as { code?: string; stderr?: string; stdout?: string };
      const advice =
        code === 'ENOENT'
          ? ` PostgreSQL does not run as root, and the user "nobody" may not enter "${this.folder}" or the checkout: use folders that everybody may enter, or another user than root.`
          : '';
      throw new Error(`PostgreSQL could not be started in "${this.folder}".${advice}\n${stderr}${stdout}`, {
        cause: error,
      });
    }
  }
}

const isRoot = (): boolean => process.getuid?.() === 0;

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Whether everybody may pass through the folders above `path`. */
async function isOpenToAll(path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
