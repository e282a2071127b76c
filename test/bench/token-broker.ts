import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startAppProcess } from '../processes.js';
import { startInstantQlik } from './instant-qlik.js';
import { applyLoad, type Load } from './request-load.js';
import { startServers } from './servers.js';

const HELP = `Measures what a remembered token costs: the real API over HTTP as it is served (API key, limits of requests, schema, security and
RateLimit headers, log), against a bare Fastify route in another process that returns the same JSON and does nothing else, in turns. Both have a
core for themselves only where nothing else runs beside.

  node --import ./test/register.ts test/bench/token-broker.ts [--pairs 15] [--seconds 1] [--connections 32] [--prof]

  --pairs        how often both are measured; every other pair begins with the bare route
  --seconds      how long each is measured
  --connections  requests under way at once
  --prof         leaves a CPU profile of the API in the present folder
`;

/** What is aimed at: the API's answers per second, as a part of the bare route's. */
const GOAL = 0.5;

/** Counted and told with each answer like any other limit, and never reached. */
const REQUESTS_PER_MINUTE = '10000000';

/** About as long as Qlik's tokens are. */
const ACCESS_TOKEN = 'x'.repeat(900);

/** A process that is loaded. */
interface Loaded {
  load: Load;
  pid: number;
}

interface Measured {
  perSecond: number;
  /** Of the process, per answer; undefined where the system does not tell. */
  cpuMicroseconds: number | undefined;
}

/** Starts a module of Node's with its output in a file, so that reading it costs the one who measures nothing. */
async function startQuietly(
  args: string[],
  env: Record<string, string>,
  log: string,
  close: (() => Promise<unknown>)[],
): Promise<{ url: string; pid: number }> {
  const port = await freePort();
  const output = openSync(log, 'a');
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ...env, PORT: String(port) },
    stdio: ['ignore', output, output],
  });
  const ended = once(child, 'exit');
  close.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(`${url}/livez`).then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`A process did not start:\n${readFileSync(log, 'utf8')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, pid: child.pid! };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** User and system time of a process, in seconds (proc(5): fields 14 and 15, in hundredths). */
function cpuSeconds(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

async function measure({ load, pid }: Loaded, connections: number, ms: number): Promise<Measured> {
  const before = cpuSeconds(pid);
  const start = performance.now();
  const count = await applyLoad(load, { connections, ms });
  const perSecond = count / ((performance.now() - start) / 1000);
  const after = cpuSeconds(pid);
  const cpuMicroseconds = before === undefined || after === undefined ? undefined : ((after - before) / count) * 1e6;
  return { perSecond, cpuMicroseconds };
}

async function bench(pairs: number, seconds: number, connections: number, profiled: boolean): Promise<void> {
  const close: (() => Promise<unknown>)[] = [];
  try {
    const { apiKey, env, parentClients, postgresFolder } = await startServers('postgres', close);
    const qlik = await startInstantQlik(ACCESS_TOKEN);
    close.push(() => qlik.close());
    const settings = { ...env, QLIK_ENDPOINT: qlik.url, API_REQUESTS_PER_MINUTE: REQUESTS_PER_MINUTE };
    const log = (name: string): string => join(postgresFolder, '..', `${name}.log`);
    const worker = await startAppProcess('worker', { ...settings, QLIK_PARENT_CLIENTS: parentClients });
    const main = join(import.meta.dirname, '..', '..', 'dist', 'apps', 'api', 'src', 'main.js');
    const api = await startQuietly([...(profiled ? ['--cpu-prof'] : []), main], settings, log('api'), close);
    const customerId = await onboard(api.url, apiKey);
    // It has nothing left to do, and would do it beside what is measured.
    await worker.kill('SIGTERM');

    const body = JSON.stringify({ user: { field: 'subject', value: 'auth0|a-user-of-the-tenant' } });
    const path = `/v1/customers/${customerId}/tokens`;
    const headers = { authorization: `Bearer ${apiKey}` };
    const first = await fetch(api.url + path, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    });
    const answer = await first.text();
    if (first.status !== 200) throw new Error(`The API answered ${first.status}: ${answer}`);
    if (first.headers.get('ratelimit') === null) throw new Error('The API is not measured with its limits on.');
    const bareModule = join(import.meta.dirname, 'bare-token-route.ts');
    const register = join(import.meta.dirname, '..', 'register.ts');
    const bareArgs = ['--disable-warning=ExperimentalWarning', '--import', register, bareModule];
    const bare = await startQuietly(bareArgs, { ANSWER: answer }, log('bare'), close);

    const loadOf = ({ url, pid }: { url: string; pid: number }): Loaded => ({
      load: { url, path, headers, body },
      pid,
    });
    const [ours, theirs] = [loadOf(api), loadOf(bare)];
    const ms = seconds * 1000;
    // Both are compiled by then.
    for (const one of [ours, theirs, ours, theirs]) await measure(one, connections, ms);
    const rows: { ours: Measured; theirs: Measured }[] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      // Whatever the machine does besides falls on both alike.
      const [one, other] = pair % 2 === 0 ? [ours, theirs] : [theirs, ours];
      const [a, b] = [await measure(one, connections, ms), await measure(other, connections, ms)];
      rows.push(pair % 2 === 0 ? { ours: a, theirs: b } : { ours: b, theirs: a });
    }
    const calls = qlik.take().filter(({ operation }) => operation === 'token').length;
    report(rows, connections, calls);
  } finally {
    for (const closeOne of close.reverse()) await closeOne();
  }
}

async function onboard(apiUrl: string, apiKey: string): Promise<string> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': 'bench' };
  const body = JSON.stringify({ externalId: 'bench', name: 'Bench', tenantHost: 'bench.eu.qlikcloud.com' });
  const accepted = await fetch(`${apiUrl}/v1/customers`, { method: 'POST', headers, body });
  const { customer } = (await accepted.json()) as { customer: { id: string } };
  for (;;) {
    const answer = await fetch(`${apiUrl}/v1/customers/${customer.id}`, { headers });
    const { state } = (await answer.json()) as { state: string };
    if (state === 'ready') return customer.id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function report(rows: readonly { ours: Measured; theirs: Measured }[], connections: number, tokenCalls: number): void {
  const cell = (value: number | undefined, digits = 0): string => (value?.toFixed(digits) ?? '-').padStart(10);
  const line = (name: string, { ours, theirs }: { ours: Measured; theirs: Measured }): string =>
    [
      name.padEnd(8),
      ...[ours.perSecond, theirs.perSecond].map((one) => cell(one)),
      cell(ours.perSecond / theirs.perSecond, 2),
      ...[ours.cpuMicroseconds, theirs.cpuMicroseconds].map((one) => cell(one, 1)),
    ].join('');
  const median = (values: readonly (number | undefined)[]): number =>
    values.filter((value) => value !== undefined).sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const ratio = median(rows.map(({ ours, theirs }) => ours.perSecond / theirs.perSecond));
  process.stdout.write(
    [
      `\nA remembered token over ${connections} connections, answers per second and CPU microseconds of the process per answer`,
      `${''.padEnd(8)}${['API', 'bare', 'ratio', 'API us', 'bare us'].map((name) => name.padStart(10)).join('')}`,
      ...rows.map((row, index) => line(`pair ${index + 1}`, row)),
      `calls of Qlik's token endpoint, onboarding's included: ${tokenCalls}`,
      `goal: at least ${GOAL} of the bare route; median of the pairs: ${ratio.toFixed(2)}, ${ratio >= GOAL ? 'met' : 'NOT met'}`,
      '',
    ].join('\n'),
  );
}

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '1' },
    connections: { type: 'string', default: '32' },
    prof: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) process.stdout.write(HELP);
else await bench(Number(options.pairs), Number(options.seconds), Number(options.connections), options.prof);
