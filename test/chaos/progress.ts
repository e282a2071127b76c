import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ChaosOptions } from './options.js';
import type { Backend } from './rig/rig.js';
import { addCounts, type Counts } from './verdict/counts.js';

/** What one batch came to. */
export interface BatchRow {
  fault: string;
  /** `none` for the model. */
  backend: Backend | 'none';
  batch: number;
  counts: Counts;
  tookMs: number;
}

/** One line of the table: all batches of one fault on one backend. */
export type FaultRow = Omit<BatchRow, 'batch'>;

/** The batches done so far, in a file: a `full` run with the same seed goes on where the last one ended. */
export class Progress {
  private constructor(
    private readonly path: string,
    private readonly done: BatchRow[],
    private readonly wanted: (row: BatchRow) => boolean,
  ) {}

  static open({ profile, seed, only, backends }: ChaosOptions): Progress {
    const folder = join(import.meta.dirname, '..', '..', '.data', 'chaos');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${profile}-${seed}.jsonl`);
    if (profile === 'ci') rmSync(path, { force: true });
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    const done = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as BatchRow);
    return new Progress(
      path,
      done,
      ({ fault, backend }) => only.includes(fault) && (backend === 'none' || backends.includes(backend)),
    );
  }

  has(fault: string, backend: BatchRow['backend'], batch: number): boolean {
    return this.done.some((row) => row.fault === fault && row.backend === backend && row.batch === batch);
  }

  add(row: BatchRow): void {
    this.done.push(row);
    appendFileSync(this.path, `${JSON.stringify(row)}\n`);
  }

  /** The lines of the table, in the order in which they were begun. */
  rows(): FaultRow[] {
    const rows = new Map<string, FaultRow>();
    for (const { fault, backend, counts, tookMs } of this.done.filter(this.wanted)) {
      const key = `${fault} ${backend}`;
      const row = rows.get(key);
      rows.set(key, {
        ...{ fault, backend },
        counts: row === undefined ? counts : addCounts(row.counts, counts),
        tookMs: (row?.tookMs ?? 0) + tookMs,
      });
    }
    return [...rows.values()];
  }
}
