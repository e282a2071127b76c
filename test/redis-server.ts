import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Secret } from '@app/platform';

export interface RedisServer {
  url: Secret;
  port: number;
  /** Where it keeps its files. */
  dir: string;
  /** Sends a signal; resolves at once for those that do not end it, else when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and files, after a kill or instead of the one that runs. */
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Starts Debian's `redis-server` on a free port, with files of its own. With `appendOnly` every write is on disk before its answer. */
export async function startRedis(options: { appendOnly?: boolean } = {}): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'provisioner-redis-'));
  const port = await freePort();
  const start = () => launch(port, dir, options.appendOnly ?? false);
  let running = await start();
  return {
    url: new Secret(`redis://127.0.0.1:${port}`),
    port,
    dir,
    kill: (signal) => end(running, signal),
    restart: async () => {
      await end(running, 'SIGTERM');
      running = await start();
    },
    stop: async () => {
      await end(running, 'SIGKILL');
      await rm(dir, { recursive: true });
    },
  };
}

async function launch(port: number, dir: string, appendOnly: boolean): Promise<ChildProcess> {
  const append = appendOnly ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const server = spawn(
    'redis-server',
    ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...append],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  // A test run that dies takes its servers with it.
  const endWithUs = () => server.kill('SIGKILL');
  process.once('exit', endWithUs);
  server.once('exit', () => process.removeListener('exit', endWithUs));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new Error('redis-server is not installed: run `npm run test:setup`.', { cause: error })
          : error,
      ),
    );
    const output: string[] = [];
    server.once('exit', (code) =>
      reject(new Error(`redis-server on port ${port} ended with ${code}:\n${output.join('\n')}`)),
    );
    createInterface(server.stdout).on('line', (line) => {
      output.push(line);
      if (line.includes('Ready to accept connections')) resolve();
    });
  });
  return server;
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = ['SIGSTOP', 'SIGCONT'].includes(signal) ? undefined : once(server, 'exit');
  server.kill(signal);
  await gone;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
