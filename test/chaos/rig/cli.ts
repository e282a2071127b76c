import { execFile } from 'node:child_process';
import { join } from 'node:path';

const main = join(import.meta.dirname, '..', '..', '..', 'dist', 'apps', 'cli', 'src', 'main.js');

/** How a command of the CLI ended. */
export interface CommandEnd {
  code: number;
  /** What it wrote, with `--json`; undefined where it failed. */
  result: any;
  complaint: string;
}

/** Runs a command of the CLI as an operator does, with nothing in its environment but `env`. */
export function runCli(args: readonly string[], env: NodeJS.ProcessEnv): Promise<CommandEnd> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...args, '--json'],
      { env: { PATH: process.env.PATH, ...env } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code ?? 1);
        resolve({ code, result: stdout === '' ? undefined : JSON.parse(stdout), complaint: stderr });
      },
    );
  });
}
