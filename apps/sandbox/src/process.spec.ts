import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from './sandbox.config.js';
import { TenantClient } from '../testing/tenant-client.js';

const main = join(import.meta.dirname, 'main.ts');
// Node strips the types itself; only our `.js` endings have to be led to the sources.
const resolveSources = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ resolve: (name, context, next) => {
    const ours = context.parentURL?.includes('/apps/sandbox/src/') && name.startsWith('.');
    return next(ours ? name.replace(/\\.js$/, '.ts') : name, context);
  } });`)}`;
const parents = JSON.stringify({ eu: { clientId: 'p', clientSecret: 'very-secret' } });
const children: ChildProcess[] = [];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sandbox-process-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

function launch(env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', resolveSources, main], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const exit = once(child, 'close').then(([code, signal]) => ({ code: code as unknown, signal: signal as unknown }));
  return { child, output, exit };
}

async function listening({ child, output, exit }: ReturnType<typeof launch>): Promise<string> {
  while (!output.stdout.includes('\n')) {
    const ended = await Promise.race([once(child.stdout, 'data').then(() => undefined), exit]);
    if (ended !== undefined) throw new Error(`The sandbox ended: ${output.stderr}`);
  }
  return (JSON.parse(output.stdout) as { url: string }).url;
}

describe('the process', () => {
  it('prints one line, keeps its state over a SIGKILL and ends with 0 on SIGTERM', async () => {
    const env = { PORT: '0', DATA_DIR: directory, QLIK_PARENT_CLIENTS: parents };
    const first = launch(env);
    const tenant = await TenantClient.connect(await listening(first), 'a.eu.qlikcloud.com', 'p', 'very-secret');
    const { clientId } = await tenant.create();
    first.child.kill('SIGKILL');
    expect(await first.exit).toEqual({ code: null, signal: 'SIGKILL' });

    const second = launch(env);
    const again = new TenantClient(await listening(second), 'a.eu.qlikcloud.com');
    again.token = tenant.token;
    expect((await again.api('GET', `/${clientId}`)).status).toBe(200);
    second.child.kill('SIGTERM');
    expect(await second.exit).toEqual({ code: 0, signal: null });
    expect(second.output.stdout.trim().split('\n')).toHaveLength(1);
    expect(second.output.stdout).not.toContain('very-secret');
  }, 30_000);

  it('says in one sentence that its port is in use, and ends with 1', async () => {
    const first = launch({ PORT: '0', QLIK_PARENT_CLIENTS: parents });
    const { port } = new URL(await listening(first));
    const second = launch({ PORT: port, QLIK_PARENT_CLIENTS: parents });
    expect(await second.exit).toEqual({ code: 1, signal: null });
    expect(second.output.stderr).toBe(
      `Port ${port} on 127.0.0.1 is in use: stop what listens there or choose another port.\n`,
    );
  }, 30_000);
});

describe('the configuration', () => {
  it('is read from the environment and from files', () => {
    const file = join(directory, 'organisation.json');
    writeFileSync(file, '{"clientId": "org", "clientSecret": "os"}\n');
    expect(readConfig({ QLIK_PARENT_CLIENTS: parents, QLIK_ORGANISATION_CLIENT_FILE: file, PORT: '0' })).toEqual({
      port: 0,
      host: '127.0.0.1',
      dataDir: undefined,
      parentClients: { eu: { clientId: 'p', clientSecret: 'very-secret' } },
      organisationClient: { clientId: 'org', clientSecret: 'os' },
      log: 'info',
    });
  });

  it.each([
    [{}, 'QLIK_PARENT_CLIENTS'],
    [{ QLIK_PARENT_CLIENTS: '{"eu": hunter2' }, 'QLIK_PARENT_CLIENTS'],
    [{ QLIK_PARENT_CLIENTS: '{"eu": {"clientId": "x", "clientSecret": ["hunter2"]}}' }, 'QLIK_PARENT_CLIENTS'],
    [{ QLIK_PARENT_CLIENTS: parents, QLIK_PARENT_CLIENTS_FILE: '/hunter2' }, 'QLIK_PARENT_CLIENTS_FILE'],
    [{ QLIK_PARENT_CLIENTS_FILE: '/hunter2' }, 'QLIK_PARENT_CLIENTS_FILE'],
    [{ QLIK_PARENT_CLIENTS: parents, QLIK_ORGANISATION_CLIENT: '"hunter2"' }, 'QLIK_ORGANISATION_CLIENT'],
    [{ QLIK_PARENT_CLIENTS: parents, PORT: 'hunter2' }, 'PORT'],
    [{ QLIK_PARENT_CLIENTS: parents, PORT: '70000' }, 'PORT'],
    [{ QLIK_PARENT_CLIENTS: parents, LOG_LEVEL: 'hunter2' }, 'LOG_LEVEL'],
  ])('%j is refused with the key %s and without its value', (env, key) => {
    expect(() => readConfig(env)).toThrow(key);
    expect(() => readConfig(env)).not.toThrow(/hunter2/);
  });
});
