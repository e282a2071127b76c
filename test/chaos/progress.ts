import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
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
  /** Why it could not be carried through. */
  error?: string;
}

/** One line of the table: all batches of one fault on one backend. */
export interface FaultRow extends Omit<BatchRow, 'batch'> {
  batches: number;
}

/** The batches done so far, in a file: a `full` run with the same seed and the same code goes on where the last one ended, and tries anew what could not be carried through. */
export class Progress {
  private constructor(
    private readonly path: string,
    private readonly done: BatchRow[],
    private readonly wanted: (row: BatchRow) => boolean,
  ) {}

  static open({ profile, seed, only, backends }: ChaosOptions): Progress {
    const folder = join(import.meta.dirname, '..', '..', '.data', 'chaos');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${profile}-${seed}-${hashCode()}.jsonl`);
    if (profile === 'ci') rmSync(path, { force: true });
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    const rows = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as BatchRow);
    const done = rows.filter(({ error }) => error === undefined);
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
    for (const { fault, backend, counts, tookMs, error } of this.done.filter(this.wanted)) {
      const key = `${fault} ${backend}`;
      const row = rows.get(key);
      rows.set(key, {
        ...{ fault, backend },
        counts: row === undefined ? counts : addCounts(row.counts, counts),
        tookMs: (row?.tookMs ?? 0) + tookMs,
        batches: (row?.batches ?? 0) + 1,
        ...(error === undefined && row?.error === undefined ? {} : { error: error ?? row?.error }),
      });
    }
    const order = [...rows.values()];
    return order.sort((a, b) => a.backend.localeCompare(b.backend));
  }
}

/** Of the product as built and of this suite: what another code came to says nothing of this one. */
function hashCode(): string {
  const root = join(import.meta.dirname, '..', '..');
  const hash = createHash('sha256');
  for (const folder of ['dist/libs', 'dist/apps', 'test']) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => /(?<!\.spec)\.(js|ts)$/.test(name)).sort()) {
      hash.update(file).update(readFileSync(join(root, folder, file)));
    }
  }
  return hash.digest('hex').slice(0, 12);
}
