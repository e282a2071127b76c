import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Fault, Scene } from '../fault.js';
import { patiently } from '../patiently.js';
import { repeatedly, together } from '../repeatedly.js';

const EXHAUSTED_MS = 2_000;
const SILENT_MS = 3_000;

async function connect(scene: Scene): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: scene.rig.databaseUrl.reveal() });
  // Its server is about to be killed.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** A killed backend makes PostgreSQL end all sessions at once and recover from its log, as after an immediate restart. */
async function crashServer(scene: Scene): Promise<void> {
  const client = await patiently(() => connect(scene));
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  process.kill(rows[0]!.pid, 'SIGKILL');
  await patiently(async () => (await connect(scene)).end());
}

/** Ends the others' connections and takes all there are. */
async function exhaust(scene: Scene): Promise<void> {
  const held: pg.Client[] = [];
  const first = await patiently(() => connect(scene));
  held.push(first);
  await first.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
  );
  for (let full = false; !full;) {
    const client = await connect(scene).catch(() => undefined);
    if (client === undefined) full = true;
    else held.push(client);
  }
  await pause(EXHAUSTED_MS);
  await Promise.all(held.map((client) => client.end().catch(() => undefined)));
}

/** Crashes PostgreSQL, or takes all its connections. */
export const strikePostgres = (scene: Scene): Promise<void> => scene.random.pick([crashServer, exhaust])(scene);

/** For a while, the worker behind the relay sends into nothing and hears nothing. */
export async function silenceRelay({ rig }: Scene): Promise<void> {
  rig.relay.goSilent();
  await pause(SILENT_MS);
  rig.relay.recover();
}

/** F9 */
export const postgresOutages: Fault = {
  id: 'F9',
  title: 'PostgreSQL: crash and recovery; all connections taken; half-open TCP to one worker',
  full: 2_000,
  mayStopWith: ['DATABASE_UNAVAILABLE', 'WORKER_LOST'],
  perSecond: 20,
  untilStopped: 0.9,
  workers: (rig) => [{}, {}, { env: { DATABASE_URL: rig.relayedDatabaseUrl } }],
  lastWorker: 2,
  begin: (scene) =>
    Promise.resolve(
      together(
        repeatedly(
          () => strikePostgres(scene),
          () => scene.random.between(1_500, 3_000),
        ),
        repeatedly(
          () => silenceRelay(scene),
          () => scene.random.between(1_000, 4_000),
        ),
      ),
    ),
};
