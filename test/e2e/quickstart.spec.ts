import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = 'dist/apps/quickstart/src/main.js';

describe('the quickstart', () => {
  let folder: string;
  const env = (more: Record<string, string> = {}) => ({
    ...process.env,
    DATA_DIR: join(folder, 'data'),
    API_PORT: '0',
    DASHBOARD_PORT: '0',
    SANDBOX_PORT: '0',
    ...more,
  });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'quickstart-'));
    chmodSync(folder, 0o711);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('onboards three customers, proves a token, and keeps what it made', async () => {
    const first = await run(env());
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/All three are ready/);
    expect(first.stdout).toMatch(/acme: verify-credential succeeded/);
    expect(first.stdout).toMatch(/"host": "acme\.eu\.qlikcloud\.com"/);
    const file = join(folder, 'data', 'quickstart.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const told = JSON.parse(readFileSync(file, 'utf8'));
    expect(Object.keys(told)).toEqual([
      'apiUrl',
      'apiKey',
      'dashboardUrl',
      'operatorLoginUrl',
      'sandboxUrl',
      'parentClient',
      'organisationClient',
      'databaseUrl',
    ]);

    const second = await run(env());
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      apiKey: told.apiKey,
      parentClient: told.parentClient,
    });
  }, 60_000);

  it('stays up, keeps a second one out of its folder, and gives its folder up when it is killed', async () => {
    const up = spawn(process.execPath, [MAIN], { env: env() });
    await saying(up, 'quickstart.json.');
    const second = await run(env());
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/runs in ".*" already/);
    up.kill('SIGKILL');
    await ended(up);
    const third = await run(env());
    expect(third).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);

  it('ends with 0 on SIGTERM', async () => {
    const up = spawn(process.execPath, [MAIN], { env: env() });
    await saying(up, 'quickstart.json.');
    up.kill('SIGTERM');
    expect(await ended(up)).toBe(0);
  }, 60_000);

  it('says in a sentence that a port is in use', async () => {
    const squatter = createServer();
    const port = await new Promise<number>((resolve) =>
      squatter.listen(0, '127.0.0.1', () => resolve((squatter.address() as { port: number }).port)),
    );
    try {
      const result = await run(env({ API_PORT: String(port) }));
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(
        new RegExp(`^Port ${port} cannot be used \\(EADDRINUSE\\): [^\\n]* API_PORT [^\\n]*\\n$`),
      );
    } finally {
      squatter.close();
    }
  }, 60_000);
});

/** Runs the quickstart to its end. */
async function run(env: NodeJS.ProcessEnv): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, '--exit'], { env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return { code: await ended(child), stdout, stderr };
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) =>
    child.exitCode !== null || child.signalCode !== null ? resolve(child.exitCode) : child.once('exit', resolve),
  );

/** Resolves once the process has printed `text`; rejects with what it said instead. */
function saying(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes(text)) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => reject(new Error(`It ended: ${said}`)));
  });
}
