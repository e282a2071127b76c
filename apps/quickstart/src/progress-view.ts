import type { WriteStream } from 'node:tty';
import type { RunProgress } from './api-client.js';

const MARKS: Record<string, string> = {
  pending: '·',
  running: '▸',
  waiting: '…',
  succeeded: '✔',
  skipped: '–',
  failed: '✘',
  needs_attention: '!',
  undone: '↶',
};

/** Shows runs while they work: a terminal redraws a table, a pipe gets a line per change. */
export class ProgressView {
  readonly #rows = new Map<string, RunProgress>();
  readonly #told = new Set<string>();
  #height = 0;

  constructor(private readonly output: WriteStream | NodeJS.WritableStream) {}

  show(customer: string, run: RunProgress): void {
    this.#rows.set(customer, run);
    if ('isTTY' in this.output && this.output.isTTY) this.#redraw();
    else this.#tell(customer, run);
  }

  #redraw(): void {
    const up = this.#height === 0 ? '' : `\u001b[${this.#height}A`;
    const lines = [...this.#rows].map(
      ([customer, run]) => `\u001b[2K  ${customer.padEnd(12)} ${bar(run)}  ${caption(run)}`,
    );
    this.#height = lines.length;
    this.output.write(`${up}${lines.join('\n')}\n`);
  }

  #tell(customer: string, run: RunProgress): void {
    for (const { name, state, startedAt, finishedAt } of run.steps) {
      const line = `  ${customer}: ${name} ${state}`;
      if (finishedAt === null || this.#told.has(line)) continue;
      this.#told.add(line);
      const tookMs = startedAt === null ? '' : ` (${Date.parse(finishedAt) - Date.parse(startedAt)} ms)`;
      this.output.write(`${line}${tookMs}\n`);
    }
  }
}

const bar = (run: RunProgress): string => run.steps.map(({ state }) => MARKS[state] ?? '?').join(' ');

/** The step under way, or how it ended: short enough that no line wraps at 80 columns. */
const caption = (run: RunProgress): string =>
  run.steps.find(({ state }) => state === 'running' || state === 'waiting')?.name ?? run.error?.code ?? run.state;
