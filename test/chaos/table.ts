import { faults } from './faults/all.js';
import { MODEL_TITLE } from './model.js';
import type { FaultRow } from './progress.js';
import { isClean, type ZeroCount, zeroCounts } from './verdict/counts.js';

const columns = Object.keys(zeroCounts) as ZeroCount[];

/** Prints the table in Markdown; true if every count is what it must be. */
export function printTable(rows: readonly FaultRow[]): boolean {
  const head = [
    'fault',
    'backend',
    'N',
    'injected',
    'retried by hand',
    ...columns.map((key) => zeroCounts[key]),
    'minutes',
    '',
  ];
  const lines = [head, head.map((_, column) => (column < 2 ? '---' : '---:')), ...rows.map(toCells)];
  process.stdout.write(`\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
  const unclean = rows.filter((row) => !clean(row));
  // Again at the end, where whoever sees only the last lines finds it.
  for (const row of unclean) process.stdout.write(`\n${row.fault} ${row.backend}: ${describeUnclean(row)}\n`);
  process.stdout.write(`\n${rows.length - unclean.length} passed, ${unclean.length} failed\n`);
  return unclean.length === 0 && rows.length > 0;
}

function describeUnclean({ counts, error, batches }: FaultRow): string {
  const shown = Object.entries(counts).filter(([, count]) => count > 0);
  return `${error ?? 'not what it must be'}; in ${batches} batches ${shown.map(([key, count]) => `${key} ${count}`).join(', ')}`;
}

function toCells(row: FaultRow): string[] {
  const { fault, backend, counts, tookMs } = row;
  const title = `${fault} ${faults.find(({ id }) => id === fault)?.title ?? MODEL_TITLE}`;
  const minutes = (tookMs / 60_000).toFixed(1);
  const { accepted, injected, retried } = counts;
  const zeros = columns.map((key) => `${counts[key]}`);
  return [title, backend, `${accepted}`, `${injected}`, `${retried}`, ...zeros, minutes, clean(row) ? 'ok' : 'FAILED'];
}

function clean({ fault, counts, batches, error }: FaultRow): boolean {
  const { slipShare, atLeast = 1 } = faults.find(({ id }) => id === fault) ?? {};
  return error === undefined && isClean(counts, { slipShare, atLeast: atLeast * batches });
}
