import { parseArgs } from 'node:util';
import { AuditTrail } from '@app/audit';
import { RotationDefaults, RotationStart, rotationSettings } from '@app/customers';
import { Database, type Secret } from '@app/platform';
import { RunsService, RunSuccession, RunWaker } from '@app/runs';
import pg from 'pg';
import { pino } from 'pino';
import { z } from 'zod';
import { DueCustomers } from '../../libs/provisioning/src/due-customers.js';
import { RotationSweep } from '../../libs/provisioning/src/rotation/rotation-sweep.js';
import { startServers } from './servers.js';

const HELP = `Measures whether a sweep for due rotations costs more when many more customers are not due: both are measured in turns, on two databases of one PostgreSQL.

  node --import ./test/register.ts test/bench/rotation-sweep.ts [--due 1000] [--many 100000] [--pairs 7]
`;

/** What is aimed at: the time with many customers, as a multiple of the time with only those that are due. */
const GOAL = 1.2;

/** One installation: its customers, and what sweeps them. */
class Fleet {
  readonly #sql: pg.Client;
  readonly #sweep: RotationSweep;
  readonly #due: number;

  private constructor(sql: pg.Client, sweep: RotationSweep, due: number) {
    this.#sql = sql;
    this.#sweep = sweep;
    this.#due = due;
  }

  /** Writes `customers` ready customers straight into the database, none of them due. */
  static async of(customers: number, due: number, url: Secret, close: (() => Promise<unknown>)[]): Promise<Fleet> {
    const sql = new pg.Client({ connectionString: url.reveal() });
    await sql.connect();
    close.push(() => sql.end());
    await sql.query(
      `INSERT INTO customers (id, external_id, name, tenant_host, scopes, redirect_uris, allowed_origins, state, ready_at, updated_at, next_rotation_at)
       SELECT gen_random_uuid(), 'c' || n, 'c' || n, 'c' || n || '.eu.qlikcloud.com', '{}', '{}', '{}', 'ready', now(), now(), now() + interval '30 days' + n * interval '1 s'
       FROM generate_series(1, $1) n`,
      [customers],
    );
    const database = new Database({ url, maxConnections: 4 });
    close.push(() => database.onApplicationShutdown());
    const logger = pino({ level: 'silent' });
    const audit = new AuditTrail(database);
    const waker = new RunWaker({ send: () => Promise.resolve() } as never, logger);
    const runs = new RunsService(database, audit, waker);
    const succession = new RunSuccession(audit);
    const defaults = new RotationDefaults(z.object(rotationSettings).parse({}));
    const rotations = new RotationStart(runs, succession, audit, defaults);
    const dueCustomers = new DueCustomers(database, waker, logger);
    return new Fleet(sql, new RotationSweep(dueCustomers, rotations, succession, defaults, logger), due);
  }

  /** Has some customers fall due and sweeps until none is; in ms. */
  async measure(): Promise<number> {
    await this.#sql.query('DELETE FROM runs');
    await this.#sql.query(
      `UPDATE customers SET next_rotation_at = now() + interval '30 days' WHERE next_rotation_at IS NULL`,
    );
    await this.#sql.query(
      `UPDATE customers SET next_rotation_at = now() - interval '1 minute' WHERE id IN (SELECT id FROM customers ORDER BY id LIMIT $1)`,
      [this.#due],
    );
    await this.#sql.query('VACUUM ANALYZE customers');
    const startedAt = performance.now();
    let begun = 0;
    for (let more = 1; more > 0; begun += more) more = await this.#sweep.sweep();
    if (begun !== this.#due) throw new Error(`${begun} rotations were begun, not ${this.#due}.`);
    return performance.now() - startedAt;
  }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function bench(due: number, many: number, pairs: number): Promise<void> {
  const close: (() => Promise<unknown>)[] = [];
  try {
    const few = await startServers('postgres', close);
    const lots = await startServers('postgres', close);
    const small = await Fleet.of(due, due, few.databaseUrl, close);
    const large = await Fleet.of(many, due, lots.databaseUrl, close);
    await small.measure();
    await large.measure();
    const ratios: number[] = [];
    const times: { small: number[]; large: number[] } = { small: [], large: [] };
    for (let pair = 0; pair < pairs; pair += 1) {
      // Whatever the machine does besides falls on both alike.
      const order = pair % 2 === 0 ? (['small', 'large'] as const) : (['large', 'small'] as const);
      for (const which of order) times[which].push(await (which === 'small' ? small : large).measure());
      ratios.push(times.large.at(-1)! / times.small.at(-1)!);
    }
    const ms = (values: number[]) => `${median(values).toFixed(0)} ms`;
    process.stdout.write(
      [
        `${due} due of ${due}: ${ms(times.small)}; ${due} due of ${many}: ${ms(times.large)} (medians of ${pairs})`,
        `ratio: median ${median(ratios).toFixed(2)}, ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`,
        `goal: at most ${GOAL}: ${median(ratios) <= GOAL ? 'met' : 'NOT met'}`,
        '',
      ].join('\n'),
    );
  } finally {
    for (const closeOne of close.reverse()) await closeOne();
  }
}

const { values } = parseArgs({
  options: {
    due: { type: 'string', default: '1000' },
    many: { type: 'string', default: '100000' },
    pairs: { type: 'string', default: '7' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await bench(Number(values.due), Number(values.many), Number(values.pairs));
