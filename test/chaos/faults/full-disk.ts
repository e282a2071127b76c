import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Disturbance, Fault, Scene } from '../fault.js';
import { patiently } from '../patiently.js';
import { repeatedly } from '../repeatedly.js';
import type { HttpAnswer } from '../rig/http.js';
import type { Rig } from '../rig/rig.js';
import { onboarding } from '../rig/signup-backend.js';

const FULL_MS = 1_000;
const KEY_SERVICE_FAILS = 0.3;
/** From a refusal until the signup backend asks again. */
const ASK_AGAIN_MS = 300;
const GIVE_UP_AFTER_MS = 60_000;

const keyServiceOf = (rig: Rig): string => join(rig.folder, 'key-service');

/** An outage that is told by 5xx must say when to ask again. */
function checkRefusal(what: string, { status, headers, body }: HttpAnswer): void {
  if (status < 500 || headers['retry-after'] !== undefined) return;
  throw new Error(`${what} was answered ${status} without Retry-After: ${JSON.stringify(body)}`);
}

/** PostgreSQL refuses every write with `disk_full`, a second at a time; says how many statements that hit. */
async function fillDiskOfPostgres(scene: Scene): Promise<Disturbance> {
  const client = new pg.Client({ connectionString: scene.rig.databaseUrl.reveal() });
  await client.connect();
  await client.query(`
    CREATE SCHEMA chaos;
    CREATE TABLE chaos.disk (is_full boolean NOT NULL);
    INSERT INTO chaos.disk VALUES (false);
    CREATE SEQUENCE chaos.refusals;
    CREATE FUNCTION chaos.refuse_when_full() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF (SELECT is_full FROM chaos.disk) THEN
          PERFORM nextval('chaos.refusals');
          RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
        END IF;
        RETURN NULL;
      END $$`);
  const tables = await client.query<{ name: string }>(`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'chaos')`);
  for (const { name } of tables.rows) {
    await patiently(() =>
      client.query(
        `CREATE TRIGGER chaos_disk BEFORE INSERT OR UPDATE ON ${name} EXECUTE FUNCTION chaos.refuse_when_full()`,
      ),
    );
  }
  const filling = repeatedly(
    async () => {
      await client.query('UPDATE chaos.disk SET is_full = true');
      await pause(FULL_MS);
      await client.query('UPDATE chaos.disk SET is_full = false');
    },
    () => scene.random.between(300, 1_200),
  );
  return {
    end: async () => {
      await filling.end();
      const { rows } = await client.query<{ refused: number }>(
        'SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS refused FROM chaos.refusals',
      );
      await patiently(() => client.query('DROP SCHEMA chaos CASCADE'));
      await client.end();
      return rows[0]!.refused;
    },
  };
}

/** Redis has no room for anything more, a second at a time; says how many commands that hit. */
function fillMemoryOfRedis({ rig, random }: Scene): Disturbance {
  if (rig.redis === undefined) return { end: () => Promise.resolve(0) };
  const client = new Redis(rig.redis.url.reveal());
  const countRefusals = async () => Number(/errorstat_OOM:count=(\d+)/.exec(await client.info('errorstats'))?.[1] ?? 0);
  const before = countRefusals();
  const filling = repeatedly(
    async () => {
      await client.config('SET', 'maxmemory', '1');
      await pause(FULL_MS);
      await client.config('SET', 'maxmemory', '0');
    },
    () => random.between(300, 1_200),
  );
  return {
    end: async () => {
      await filling.end();
      const refused = (await countRefusals()) - (await before);
      await client.quit();
      return refused;
    },
  };
}

/** The key service answers the workers and the API 503 now and then; says how often. */
async function failKeyService({ rig, random }: Scene): Promise<Disturbance> {
  const path = keyServiceOf(rig);
  await rig.restartApi({ edits: ['key-service'], env: { CHAOS_KEY_SERVICE: path } });
  writeFileSync(path, JSON.stringify({ seed: random.seed(), share: KEY_SERVICE_FAILS }));
  return {
    end: async () => {
      const failures = existsSync(`${path}.failures`) ? readFileSync(`${path}.failures`).length : 0;
      rmSync(path);
      rmSync(`${path}.failures`, { force: true });
      await rig.restartApi();
      return failures;
    },
  };
}

/** Somebody reads credentials all the while. */
const readCredentials = ({ signups, backend, random }: Scene): Disturbance =>
  repeatedly(
    async () => {
      if (signups.length === 0) return;
      const path = `/v1/customers/${random.pick(signups).customerId}/credentials`;
      checkRefusal(`GET ${path}`, await backend.send('GET', path));
    },
    () => 50,
  );

/** F19 */
export const fullDisks: Fault = {
  id: 'F19',
  title: 'PostgreSQL’s disk full; Redis full; key provider answers 503',
  full: 200,
  mayStopWith: ['DATABASE_UNAVAILABLE', 'KEY_PROVIDER_UNAVAILABLE', 'WORKER_LOST'],
  perSecond: 5,
  workers: (rig) => {
    const setup = { edits: ['key-service'], env: { CHAOS_KEY_SERVICE: keyServiceOf(rig) } };
    return [setup, setup, setup];
  },
  begin: async (scene) => {
    const keyService = await failKeyService(scene);
    const disk = await fillDiskOfPostgres(scene);
    const memory = fillMemoryOfRedis(scene);
    const reading = readCredentials(scene);
    return {
      end: async () => {
        // What it found is told once everything is as it was.
        const [read] = await Promise.allSettled([reading.end()]);
        const struck = (await disk.end()) + (await memory.end()) + (await keyService.end());
        if (read.status === 'rejected') throw read.reason;
        return struck;
      },
    };
  },
  accept: async ({ backend }, name) => {
    for (const giveUpAt = Date.now() + GIVE_UP_AFTER_MS; ;) {
      const answer = await backend.send('POST', '/v1/customers', onboarding(name));
      checkRefusal('POST /v1/customers', answer);
      if (answer.status < 500) return backend.onboard(name);
      if (Date.now() > giveUpAt) throw new Error(`The API does not take "${name}": ${JSON.stringify(answer.body)}`);
      await pause(ASK_AGAIN_MS);
    }
  },
};
