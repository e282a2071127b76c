import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AuditTrail, AuditVerification } from '@app/audit';
import { Database, Secret } from '@app/platform';
import { addForeignSecret } from '../foreign-secret.js';
import { Consumer } from './consumer.js';
import { tellStory } from './rotation-stories.js';

const HELP = `Has a quickstart rotate its customers' secrets every few seconds while consumers go on getting tokens with the credentials they read.
Ends with 1 if one token was refused, a client ever had more than five secrets, a secret of somebody else is gone, or the audit tells a rotation otherwise than it goes.

  node --import ./test/register.ts test/soak/rotating-quickstart.ts [--minutes 10] [--interval 8] [--grace 3]
`;

interface Told {
  apiUrl: string;
  apiKey: string;
  sandboxUrl: string;
  databaseUrl: string;
}

interface Customer {
  id: string;
  tenantHost: string;
}

/** Starts a quickstart in a folder of its own and resolves once its customers are ready. */
async function startQuickstart(
  folder: string,
  env: Record<string, string>,
): Promise<{ quickstart: ChildProcess; told: Told }> {
  const ports = { API_PORT: '0', DASHBOARD_PORT: '0', SANDBOX_PORT: '0' };
  const child = spawn(process.execPath, ['dist/apps/quickstart/src/main.js'], {
    env: { ...process.env, ...ports, DATA_DIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('quickstart.json.')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`The quickstart ended with ${code}:\n${output}`)));
  });
  return { quickstart: child, told: JSON.parse(await readFile(join(folder, 'quickstart.json'), 'utf8')) as Told };
}

async function listCustomers({ apiUrl, apiKey }: Told): Promise<Customer[]> {
  const response = await fetch(`${apiUrl}/v1/customers`, { headers: { authorization: `Bearer ${apiKey}` } });
  return ((await response.json()) as { customers: Customer[] }).customers;
}

/** The hints of the secrets that the customer's client has at Qlik. */
async function hintsOf({ sandboxUrl }: Told, { tenantHost }: Customer): Promise<string[]> {
  const response = await fetch(`${sandboxUrl}/_sandbox/state?tenantHost=${tenantHost}`);
  const { clients } = (await response.json()) as { clients: [{ hints: string[] }] };
  return clients[0].hints;
}

/** Looks at Qlik time and again; the most secrets that a client was seen to have. */
async function watchSecrets(told: Told, customers: readonly Customer[], stop: AbortSignal): Promise<number> {
  let most = 0;
  while (!stop.aborted) {
    for (const customer of customers) most = Math.max(most, (await hintsOf(told, customer)).length);
    await pause(100);
  }
  return most;
}

async function soak(minutes: number, intervalSeconds: string, graceSeconds: string): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioner-soak-'));
  await chmod(folder, 0o711);
  const rotation = {
    ROTATION_INTERVAL_SECONDS: intervalSeconds,
    ROTATION_GRACE_SECONDS: graceSeconds,
    ROTATION_JITTER_SECONDS: '1',
  };
  const { quickstart, told } = await startQuickstart(folder, rotation);
  const database = new Database({ url: new Secret(told.databaseUrl), maxConnections: 2 });
  try {
    const customers = await listCustomers(told);
    const foreign = await Promise.all(customers.map(({ tenantHost }) => addForeignSecret(told.sandboxUrl, tenantHost)));
    const end = new AbortController();
    const consumers = customers.map((customer) => new Consumer(told, customer));
    const working = Promise.all(consumers.map((consumer) => consumer.work(end.signal)));
    const watching = watchSecrets(told, customers, end.signal);
    for (const giveUpAt = Date.now() + minutes * 60_000; Date.now() < giveUpAt;) {
      await pause(Math.min(60_000, giveUpAt - Date.now()));
      for (const consumer of consumers) process.stdout.write(`${new Date().toISOString()} ${consumer.describe()}\n`);
    }
    end.abort();
    await working;
    const most = await watching;
    const hints = await Promise.all(customers.map((customer) => hintsOf(told, customer)));
    const foreignGone = foreign.filter((hint, index) => !hints[index]!.includes(hint)).length;
    const stories = await Promise.all(customers.map(({ id }) => tellStory(new AuditTrail(database), id)));
    const chains = await Promise.all(customers.map(({ id }) => new AuditVerification(database).verify(id)));
    const refused = consumers.reduce((sum, consumer) => sum + consumer.refused, 0);
    const rotations = stories.reduce((sum, story) => sum + story.rotations, 0);
    const report = {
      minutes,
      rotations,
      tokens: consumers.reduce((sum, consumer) => sum + consumer.tokens, 0),
      'tokens refused': refused,
      'most secrets on a client (one of them foreign)': most,
      'foreign secrets deleted': foreignGone,
      'rotations told out of order': stories.flatMap(({ wrong }) => wrong).length,
      'audit chains broken': chains.filter(({ intact }) => !intact).length,
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    for (const line of stories.flatMap(({ wrong }) => wrong)) process.stdout.write(`${line}\n`);
    const isFine = refused + foreignGone + report['rotations told out of order'] + report['audit chains broken'] === 0;
    return isFine && most <= 5 && rotations > 0;
  } finally {
    await database.onApplicationShutdown();
    quickstart.kill('SIGTERM');
    await once(quickstart, 'exit');
    await rm(folder, { recursive: true });
  }
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    interval: { type: 'string', default: '8' },
    grace: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else if (!(await soak(Number(values.minutes), values.interval, values.grace))) process.exitCode = 1;
