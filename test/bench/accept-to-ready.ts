import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startAppProcess } from '../processes.js';
import { startInstantQlik } from './instant-qlik.js';
import { startServers } from './servers.js';

const HELP = `Measures how long one customer takes from POST /v1/customers to ready on an idle system, beyond the calls to Qlik.

  node --import ./test/register.ts test/bench/accept-to-ready.ts [--customers 200] [--backend postgres|redis] [--statements]

  --customers   how many, one after the other, after a tenth as many to warm up
  --backend     both, unless one is given
  --statements  also which SQL statements the time goes into (their logging costs some of it)
`;

/** What is aimed at: the median beyond the calls to Qlik. */
const GOAL_MS = 25;

interface Measure {
  totalMs: number;
  qlikMs: number;
  /** How long each part took, in order. */
  parts: [name: string, ms: number][];
}

async function bench(backend: string, customers: number, withStatements: boolean): Promise<void> {
  const close: (() => Promise<unknown>)[] = [];
  try {
    const { databaseUrl, postgresFolder, apiKey, env: servers, parentClients } = await startServers(backend, close);
    const qlik = await startInstantQlik();
    close.push(() => qlik.close());
    const env = { ...servers, LOG_LEVEL: 'info', QLIK_ENDPOINT: qlik.url };
    const sql = new pg.Client({ connectionString: databaseUrl.reveal() });
    await sql.connect();
    close.push(() => sql.end());
    const api = await startAppProcess('api', env);
    close.push(() => api.kill('SIGTERM'));
    const worker = await startAppProcess('worker', { ...env, QLIK_PARENT_CLIENTS: parentClients });
    close.push(() => worker.kill('SIGTERM'));
    await sql.query(NOTIFY_READY);
    await sql.query('LISTEN ready');
    const one = (name: string): Promise<Measure> => onboard(name, api.url, apiKey, sql, qlik);
    for (let index = 0; index < Math.ceil(customers / 10); index += 1) await one(`warm-${index}`);
    const cpuBefore = await cpuOf(api.pid, worker.pid);
    const measures: Measure[] = [];
    for (let index = 0; index < customers; index += 1) measures.push(await one(`bench-${index}`));
    const cpu = (await cpuOf(api.pid, worker.pid)).map((ms, index) => (ms - cpuBefore[index]!) / customers);
    report(backend, measures, cpu);
    if (withStatements) await reportStatements(postgresFolder, sql, one);
  } finally {
    for (const closeOne of close.reverse()) await closeOne();
  }
}

/** Tells a listener of the commit that makes a customer ready. */
const NOTIFY_READY = `
  CREATE FUNCTION tell_ready() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('ready', NEW.id::text); RETURN NULL; END $$;
  CREATE TRIGGER tell_ready AFTER UPDATE OF state ON customers
    FOR EACH ROW WHEN (NEW.state = 'ready') EXECUTE FUNCTION tell_ready()`;

async function onboard(
  name: string,
  apiUrl: string,
  key: string,
  sql: pg.Client,
  qlik: { take(): { operation: string; at: number }[] },
): Promise<Measure> {
  qlik.take();
  const ready = new Promise<number>((resolve) => sql.once('notification', () => resolve(performance.now())));
  const startedAt = performance.now();
  const response = await fetch(`${apiUrl}/v1/customers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': name },
    body: JSON.stringify({ externalId: name, name, tenantHost: `${name}.eu.qlikcloud.com` }),
  });
  const { customer } = (await response.json()) as { customer: { id: string } };
  const acceptedAt = performance.now();
  const readyAt = await ready;
  const { rows } = await sql.query<{ ms: number }>(
    `SELECT coalesce(sum((call->>'durationMs')::float8), 0) AS ms
     FROM runs JOIN step_attempts ON run_id = runs.id, jsonb_array_elements(calls) AS call WHERE customer_id = $1`,
    [customer.id],
  );
  const marks = [
    { operation: 'POST sent', at: startedAt },
    { operation: '202 received', at: acceptedAt },
    ...numbered(qlik.take()),
    { operation: 'ready', at: readyAt },
  ].sort((a, b) => a.at - b.at);
  return {
    totalMs: readyAt - startedAt,
    qlikMs: rows[0]?.ms ?? 0,
    parts: marks.slice(1).map(({ operation, at }, index) => [`→ ${operation}`, at - marks[index]!.at]),
  };
}

/** The second token of an onboarding is the one that proves the secret. */
const numbered = (calls: { operation: string; at: number }[]) =>
  calls.map(({ operation, at }, index) => ({
    operation: operation === 'token' && index > 0 ? 'verify' : operation,
    at,
  }));

/** The time that each process has spent computing so far, in ms; zeros where there is no /proc. */
function cpuOf(...pids: number[]): Promise<number[]> {
  return Promise.all(
    pids.map(async (pid) => {
      if (process.platform !== 'linux') return 0;
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
      // User and system time, in ticks of 10 ms.
      return (Number(fields[11]) + Number(fields[12])) * 10;
    }),
  );
}

function report(backend: string, measures: Measure[], [apiCpu, workerCpu]: number[]): void {
  const row = (name: string, ms: number[]): string =>
    [name.padEnd(22), ...[0.5, 0.95].map((share) => quantile(ms, share).toFixed(1).padStart(9))].join('');
  const beyond = measures.map(({ totalMs, qlikMs }) => totalMs - qlikMs);
  const names = [...new Set(measures.flatMap(({ parts }) => parts.map(([name]) => name)))];
  print(
    [
      `\n${backend}: ${measures.length} customers, one after the other, in ms`,
      `${''.padEnd(22)}${'median'.padStart(9)}${'p95'.padStart(9)}`,
      row(
        'accept to ready',
        measures.map(({ totalMs }) => totalMs),
      ),
      row(
        'calls to Qlik',
        measures.map(({ qlikMs }) => qlikMs),
      ),
      row('beyond the calls', beyond),
      `goal: a median of at most ${GOAL_MS} beyond the calls: ${quantile(beyond, 0.5) <= GOAL_MS ? 'met' : 'NOT met'}`,
      `computing per customer: API ${apiCpu?.toFixed(1)}, worker ${workerCpu?.toFixed(1)}`,
      'parts, each from the one before:',
      ...names.map((name) =>
        row(
          `  ${name}`,
          measures.flatMap(({ parts }) => parts.filter(([part]) => part === name).map(([, ms]) => ms)),
        ),
      ),
      '',
    ].join('\n'),
  );
}

/** Has PostgreSQL log every statement of some more onboardings, and prints what they cost. */
async function reportStatements(
  folder: string,
  sql: pg.Client,
  one: (name: string) => Promise<Measure>,
): Promise<void> {
  const customers = 20;
  const setLogging = async (to: string): Promise<void> => {
    await sql.query(`ALTER SYSTEM SET log_min_duration_statement = ${to}`);
    await sql.query('SELECT pg_reload_conf()');
  };
  await setLogging('0');
  await one('logged-first');
  const before = (await readFile(join(folder, 'server.log'), 'utf8')).length;
  for (let index = 0; index < customers; index += 1) await one(`logged-${index}`);
  const log = (await readFile(join(folder, 'server.log'), 'utf8')).slice(before);
  await setLogging('-1');
  const costs = new Map<string, { phases: number; ms: number }>();
  for (const [, ms, , text] of log.matchAll(
    /duration: ([\d.]+) ms {2}(parse|bind|execute|statement)[^:]*: ([^\n]*(?:\n\t[^\n]*)*)/g,
  )) {
    const statement = text!.replaceAll(/\s+/g, ' ').trim().slice(0, 90);
    const cost = costs.get(statement) ?? { phases: 0, ms: 0 };
    costs.set(statement, { phases: cost.phases + 1, ms: cost.ms + Number(ms) });
  }
  const sorted = [...costs].sort(([, a], [, b]) => b.ms - a.ms);
  const sum = (of: 'phases' | 'ms') => sorted.reduce((total, [, cost]) => total + cost[of], 0) / customers;
  print(
    `per customer ${sum('phases').toFixed(1)} parses, binds and executions, ${sum('ms').toFixed(1)} ms in PostgreSQL\n`,
  );
  for (const [statement, { phases, ms }] of sorted.slice(0, 25)) {
    print(
      `${(ms / customers).toFixed(2).padStart(7)} ms ${(phases / customers).toFixed(1).padStart(6)}  ${statement}\n`,
    );
  }
}

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

function print(text: string): void {
  process.stdout.write(text);
}

const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '200' },
    backend: { type: 'string' },
    statements: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  print(HELP);
} else {
  const backends = options.backend === undefined ? ['postgres', 'redis'] : [options.backend];
  for (const backend of backends) await bench(backend, Number(options.customers), options.statements);
}
