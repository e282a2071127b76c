import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');

/** Scopes of the key of a signup backend: what docs/integration-guide.md says it needs. */
export const EXAMPLE_SCOPES = ['customers:write', 'customers:read', 'runs:read', 'tokens:write'];

/** Builds the examples as their README says. */
export async function buildExamples(): Promise<void> {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', 'examples'], { cwd: root });
}

/** One of the examples as a process of its own. */
export class ExampleProcess {
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<unknown>;

  private constructor(private readonly child: ReturnType<typeof spawn>) {
    const endWithUs = (): boolean => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    this.#ended = once(child, 'exit').then(() => process.removeListener('exit', endWithUs));
    for (const stream of [child.stdout!, child.stderr!])
      createInterface(stream).on('line', (line) => {
        this.lines.push(line);
        for (const check of this.#waiting) check();
      });
  }

  /** Starts it; resolves when it says where it listens. */
  static async start(example: string, env: NodeJS.ProcessEnv): Promise<ExampleProcess> {
    const main = join(root, 'examples', 'dist', example, 'main.js');
    const started = new ExampleProcess(
      spawn(process.execPath, [main], { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    const tooEarly = started.#ended.then(() => {
      throw new Error(`The example "${example}" ended:\n${started.lines.join('\n')}`);
    });
    await Promise.race([started.prints(/^listening at /), tooEarly]);
    return started;
  }

  get url(): string {
    return /^listening at (.*)$/m.exec(this.lines.join('\n'))![1]!;
  }

  /** How many lines it has printed that match. */
  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  /** Resolves once it has printed such a line. */
  prints(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.count(pattern) === 0) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }
}
