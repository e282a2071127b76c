import { parseArgs } from 'node:util';
import type { Secret } from '@app/platform';
import pg from 'pg';
import { startAppProcess } from '../processes.js';
import { startServers } from './servers.js';

const HELP = `Measures whether a tenant that never answers slows the others: many customers are accepted at once, without it and with it, in turns.

  node --import ./test/register.ts test/bench/one-hanging-tenant.ts [--tenants 100] [--hanging 1] [--pairs 5] [--backend postgres|redis]

  --tenants  how many are onboarded at once, the hanging ones included
  --hanging  how many of them never answer
  --pairs    how often both are measured; every other pair begins with the hanging tenant
  --backend  both, unless one is given
`;

/** What is aimed at: the time of the others with the hanging tenant, as a multiple of their time without it. */
const GOAL = 1.2;

interface Options {
  tenants: number;
  hanging: number;
  pairs: number;
}

/** How long the customers of a batch that can become ready took, in ms. */
interface Batch {
  allMs: number;
  medianMs: number;
}

async function bench(backend: string, { tenants, hanging, pairs }: Options): Promise<void> {
  const close: (() => Promise<unknown>)[] = [];
  try {
    const { databaseUrl, apiKey, env: servers, parentClients } = await startServers(backend, close);
    const sandbox = await startAppProcess('sandbox', { LOG_LEVEL: 'info', QLIK_PARENT_CLIENTS: parentClients });
    close.push(() => sandbox.kill('SIGTERM'));
    const env = { ...servers, QLIK_ENDPOINT: sandbox.url };
    const api = await startAppProcess('api', env);
    close.push(() => api.kill('SIGTERM'));
    // Everything else as it comes: twenty runs at once, twenty seconds for a call.
    const worker = await startAppProcess('worker', { ...env, QLIK_PARENT_CLIENTS: parentClients });
    close.push(() => worker.kill('SIGTERM'));
    const readiness = await Readiness.listen(databaseUrl);
    close.push(() => readiness.close());
    const installation = new Installation(api.url, apiKey, sandbox.url, readiness);

    await installation.onboard(names('warm-up', tenants));
    const measured: { without: Batch; with: Batch }[] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      const healthy = (round: string) => names(`${round}-${pair}`, tenants - hanging);
      const without = () => installation.onboard(healthy('without'));
      const withHanging = () => installation.onboardBeside(names(`hangs-${pair}`, hanging), healthy('with'));
      // Whatever the machine does besides falls on both alike.
      if (pair % 2 === 0) measured.push({ without: await without(), with: await withHanging() });
      else measured.push({ with: await withHanging(), without: await without() });
    }
    report(backend, { tenants, hanging, pairs }, measured);
  } finally {
    for (const closeOne of close.reverse()) await closeOne();
  }
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** Hears from PostgreSQL when customers become ready. */
class Readiness {
  readonly #sql: pg.Client;
  readonly #readyAt = new Map<string, number>();
  #noticed: () => void = () => undefined;

  private constructor(sql: pg.Client) {
    this.#sql = sql;
  }

  static async listen(databaseUrl: Secret): Promise<Readiness> {
    const sql = new pg.Client({ connectionString: databaseUrl.reveal() });
    await sql.connect();
    const readiness = new Readiness(sql);
    sql.on('notification', ({ payload }) => {
      readiness.#readyAt.set(payload!, performance.now());
      readiness.#noticed();
    });
    await sql.query(`
      CREATE FUNCTION tell_ready() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('ready', NEW.external_id); RETURN NULL; END $$;
      CREATE TRIGGER tell_ready AFTER UPDATE OF state ON customers
        FOR EACH ROW WHEN (NEW.state = 'ready') EXECUTE FUNCTION tell_ready()`);
    await sql.query('LISTEN ready');
    return readiness;
  }

  /** When each of these became ready, on `performance`'s clock, once all are. */
  async of(customers: string[]): Promise<number[]> {
    while (!customers.every((name) => this.#readyAt.has(name))) {
      await new Promise<void>((resolve) => (this.#noticed = resolve));
    }
    return customers.map((name) => this.#readyAt.get(name)!);
  }

  async close(): Promise<void> {
    await this.#sql.end();
  }
}

/** The running processes, as one who onboards customers sees them. */
class Installation {
  readonly #apiUrl: string;
  readonly #apiKey: string;
  readonly #sandboxUrl: string;
  readonly #readiness: Readiness;

  constructor(apiUrl: string, apiKey: string, sandboxUrl: string, readiness: Readiness) {
    this.#apiUrl = apiUrl;
    this.#apiKey = apiKey;
    this.#sandboxUrl = sandboxUrl;
    this.#readiness = readiness;
  }

  /** Accepts the customers all at once and waits until they are ready. */
  async onboard(customers: string[]): Promise<Batch> {
    const startedAt = performance.now();
    await Promise.all(customers.map((name) => this.#accept(name)));
    const ms = (await this.#readiness.of(customers)).map((readyAt) => readyAt - startedAt).sort((a, b) => a - b);
    return { allMs: ms.at(-1)!, medianMs: ms[Math.floor(ms.length / 2)]! };
  }

  /** The same while the tenants of others, accepted first, never answer; those are let go afterwards and waited for. */
  async onboardBeside(hanging: string[], customers: string[]): Promise<Batch> {
    for (const name of hanging) await this.#control('POST', { kind: 'hang', tenantHost: hostOf(name) });
    await Promise.all(hanging.map((name) => this.#accept(name)));
    const batch = await this.onboard(customers);
    await this.#control('DELETE');
    await this.#readiness.of(hanging);
    return batch;
  }

  async #accept(name: string): Promise<void> {
    const response = await fetch(`${this.#apiUrl}/v1/customers`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.#apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': name,
      },
      body: JSON.stringify({ externalId: name, name, tenantHost: hostOf(name) }),
    });
    if (response.status !== 202) throw new Error(`The API answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }

  async #control(method: 'POST' | 'DELETE', fault?: object): Promise<void> {
    const response = await fetch(`${this.#sandboxUrl}/_sandbox/faults`, {
      method,
      ...(fault === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(fault) }),
    });
    if (!response.ok) throw new Error(`The sandbox answered ${response.status}: ${await response.text()}`);
  }
}

const hostOf = (name: string): string => `${name}.eu.qlikcloud.com`;

function report(
  backend: string,
  { tenants, hanging }: Options,
  measured: readonly { without: Batch; with: Batch }[],
): void {
  const row = (name: string, { without, with: beside }: { without: Batch; with: Batch }): string =>
    [
      name.padEnd(10),
      ...[without.allMs, beside.allMs].map((ms) => ms.toFixed(0).padStart(10)),
      (beside.allMs / without.allMs).toFixed(2).padStart(8),
      ...[without.medianMs, beside.medianMs].map((ms) => ms.toFixed(0).padStart(10)),
      (beside.medianMs / without.medianMs).toFixed(2).padStart(8),
    ].join('');
  const medianOf = (pick: (pair: { without: Batch; with: Batch }) => number): number =>
    measured.map(pick).sort((a, b) => a - b)[Math.floor(measured.length / 2)]!;
  const middle = {
    without: { allMs: medianOf((p) => p.without.allMs), medianMs: medianOf((p) => p.without.medianMs) },
    with: { allMs: medianOf((p) => p.with.allMs), medianMs: medianOf((p) => p.with.medianMs) },
  };
  const ratio = middle.with.allMs / middle.without.allMs;
  print(
    [
      `\n${backend}: ${tenants - hanging} customers at once, without and with ${hanging} whose tenant never answers, in ms`,
      `${''.padEnd(10)}${'until all are ready'.padStart(28)}${'until half are'.padStart(28)}`,
      `${''.padEnd(10)}${['without', 'with'].map((name) => name.padStart(10)).join('')}${'ratio'.padStart(8)}`,
      ...measured.map((pair, index) => row(`pair ${index + 1}`, pair)),
      row('median', middle),
      `goal: at most ${GOAL} times as long with it: ${ratio <= GOAL ? 'met' : 'NOT met'}`,
      '',
    ].join('\n'),
  );
}

function print(text: string): void {
  process.stdout.write(text);
}

const { values: options } = parseArgs({
  options: {
    tenants: { type: 'string', default: '100' },
    hanging: { type: 'string', default: '1' },
    pairs: { type: 'string', default: '5' },
    backend: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  print(HELP);
} else {
  const backends = options.backend === undefined ? ['postgres', 'redis'] : [options.backend];
  const [tenants, hanging, pairs] = [options.tenants, options.hanging, options.pairs].map(Number) as [
    number,
    number,
    number,
  ];
  for (const backend of backends) await bench(backend, { tenants, hanging, pairs });
}
