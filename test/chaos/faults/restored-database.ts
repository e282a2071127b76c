import pg from 'pg';
import type { Disturbance, Fault, Scene } from '../fault.js';
import { inBackground } from '../in-background.js';
import { patiently, until } from '../patiently.js';
import { runsOf } from '../verdict/runs-of.js';

const ACCEPT_MS = 600_000;
const COPY = 'provisioner_copy';

/** Works from another database of the same server, while nobody is connected to ours. */
async function whileClosed(
  { rig }: Scene,
  work: (client: pg.Client, database: string) => Promise<unknown>,
): Promise<void> {
  const url = new URL(rig.databaseUrl.reveal());
  const database = url.pathname.slice(1);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
    await work(client, database);
  } finally {
    await client.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
    await client.end();
  }
}

/** Once everybody is accepted, when some are done and others are not. */
async function copyDatabase(scene: Scene, signal: AbortSignal): Promise<void> {
  const { signups, names, random } = scene;
  const done = random.between(1, Math.floor(names.length / 2));
  await until(
    async () => signal.aborted || (signups.length === names.length && (await runsOf(scene)).succeeded >= done),
    ACCEPT_MS,
    () => 'Not everybody was accepted.',
  );
  await whileClosed(scene, (client, database) => client.query(`CREATE DATABASE ${COPY} TEMPLATE ${database}`));
}

/** Puts the copy in the place of what became of its original. */
const restoreDatabase = (scene: Scene): Promise<void> =>
  whileClosed(scene, async (client, database) => {
    await client.query(`DROP DATABASE ${database}`);
    await client.query(`ALTER DATABASE ${COPY} RENAME TO ${database}`);
  });

/** F20 */
export const restoredDatabase: Fault = {
  id: 'F20',
  title: 'restore of a database that is older than what Qlik knows, then run',
  full: 400,
  batch: 40,
  workers: () => {
    const setup = { env: { WORKER_CONCURRENCY: '4' } };
    return [setup, setup, setup];
  },
  begin: async (scene): Promise<Disturbance> => {
    const { rig, signups } = scene;
    // So that each customer is at another place when the copy is taken.
    await rig.sandbox.addFault({ kind: 'delay', delayMs: 250 });
    const copying = inBackground((stop) => copyDatabase(scene, stop));
    return {
      end: async () => {
        await copying.end();
        await rig.sandbox.clearFaults();
        await rig.workers.end('SIGKILL');
        await restoreDatabase(scene);
        const runIds = signups.map(({ runId }) => runId);
        const setBack = await patiently(() =>
          rig.database.client.run.count({ where: { id: { in: runIds }, state: { not: 'succeeded' } } }),
        );
        await Promise.all(Array.from({ length: rig.workers.count }, (_, place) => rig.workers.start(place)));
        return setBack;
      },
    };
  },
};
