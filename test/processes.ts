import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How a process ended. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** One of our apps as a process of its own. */
export interface AppProcess {
  /** Where it listens. */
  url: string;
  pid: number;
  /** Everything it has written to stdout and stderr; nothing where `log` took it. */
  output(): string;
  /** Whether it is gone, however that came. */
  hasEnded(): boolean;
  /** Its exit code or the signal that ended it, in words, and what it last wrote to stderr. */
  describeEnd(): string;
  /** Sends a signal that does not end it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Sends a signal and resolves once the process is gone; a process that is gone already says how it ended. */
  kill(signal: NodeJS.Signals): Promise<ProcessEnd>;
}

export interface AppProcessOptions {
  /** Modules that Node loads before the app (`--import`). */
  preload?: readonly string[];
  /** Takes the process's output in place of `output()`, line by line. */
  log?: (line: string) => void;
}

/** Characters of stderr that are kept for `describeEnd`. */
const KEPT_COMPLAINTS = 4_000;

/** A start that takes longer hangs: on a busy machine one takes as long as a server that is struck again and again stays up. */
const STARTS_WITHIN_MS = 300_000;

/** A start that neither came up nor ended. */
export class StartHangs extends Error {}

/** Starts `dist/apps/<app>/src/main.js` on a free port, with nothing in its environment but `env`; resolves when it says where it listens. A start that hangs is ended, and rejects with StartHangs. */
export async function startAppProcess(
  app: 'api' | 'worker' | 'sandbox',
  env: NodeJS.ProcessEnv,
  { preload = [], log }: AppProcessOptions = {},
): Promise<AppProcess> {
  const main = join(import.meta.dirname, '..', 'dist', 'apps', app, 'src', 'main.js');
  const imports = preload.flatMap((module) => ['--import', module]);
  const child = spawn(process.execPath, ['--enable-source-maps', ...imports, main], {
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test run that dies takes its processes with it.
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const ended = once(child, 'exit').then(([code, signal]): ProcessEnd => ({
    code: code as number,
    signal: signal as null,
  }));
  void ended.then(() => process.removeListener('exit', endWithUs));
  const output: string[] = [];
  const take = log ?? ((line: string) => output.push(line));
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-KEPT_COMPLAINTS);
    take(chunk.toString());
  });
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new StartHangs(`The process "${app}" neither came up nor ended within ${STARTS_WITHIN_MS} ms:\n${complaints}`),
      );
      endWithUs();
    }, STARTS_WITHIN_MS);
  });
  const url = await Promise.race([
    findUrl(child, take),
    hangs,
    ended.then(({ code, signal }) =>
      Promise.reject(new Error(`The process "${app}" ended with ${code ?? signal} before it listened:\n${complaints}`)),
    ),
  ]).finally(() => clearTimeout(timer));
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output.join(''),
    describeEnd: () => `${child.signalCode ?? `code ${child.exitCode}`}: ${complaints}`,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    signal: (signal) => void child.kill(signal),
    kill: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}

/** The URL in the first log line that has one; `take` gets them all. */
function findUrl(child: ChildProcess, take: (line: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    createInterface(child.stdout!).on('line', (line) => {
      take(`${line}\n`);
      const url = /"url":"(http:[^"]+)"/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}
