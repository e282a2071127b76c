import { resolve } from 'node:path';
import { DomainError, parseConfig } from '@app/platform';
import { tenantHostPolicy, tenantHostSettings } from '@app/qlik';
import { InvalidArgumentError } from 'commander';
import type { CommandContext } from '../command-context.js';
import { interruptible } from '../interrupt.js';
import { ProgressBar } from '../progress-bar.js';
import { withServices } from '../with-services.js';
import { acceptRows } from './accept-rows.js';
import { awaitRuns } from './await-runs.js';
import { customersFileInvalid } from './customers-file-invalid.js';
import { type CustomerRow, readCustomers } from './read-customers.js';
import { readTextFile } from './read-text-file.js';
import { ResultsFile } from './results-file.js';
import { refusedRow, type RowResult } from './row-result.js';

/** How a file of customers is signed up. */
export interface FileOptions {
  file: string;
  results?: string | undefined;
  dryRun: boolean;
  wait: boolean;
  skipInvalid: boolean;
}

type InvalidRow = Extract<CustomerRow, { mistakes: string[] }>;

/** States of a row that somebody must look at. */
const SHORT_OF_ITS_END: readonly RowResult['state'][] = ['refused', 'failed', 'needs_attention', 'cancelled'];

/** Mistakes that people are shown; `--json` has them all. */
const MOST_SHOWN = 50;

/**
 * Signs up the customers of a CSV file, after all of it was judged; prints what became of each row, and writes it to the results file. Throws
 * CUSTOMERS_FILE_INVALID where nothing was accepted, CUSTOMERS_NOT_ONBOARDED where a row was refused or its run failed, and Interrupted.
 */
export async function onboardFile(context: CommandContext, options: FileOptions): Promise<void> {
  const resultsPath = options.results ?? `${options.file.replace(/\.csv$/i, '')}.results.csv`;
  if (resolve(resultsPath) === resolve(options.file)) {
    throw new InvalidArgumentError('--results must name another file than --file.');
  }
  const rows = readCustomers(
    readTextFile(options.file),
    tenantHostPolicy(parseConfig(tenantHostSettings, context.env)),
  );
  const invalid = rows.filter((row) => row.mistakes !== undefined);
  if (invalid.length > 0 && !options.skipInvalid) refuse(rows.length, invalid, context);
  const valid = rows.filter((row) => row.input !== undefined);
  const needs = {
    wakes: !options.dryRun,
    seals: !options.dryRun && valid.some(({ input }) => input.existingClient?.clientSecret !== undefined),
  };
  const results: RowResult[] = [];
  await withServices(context, needs, async (services) => {
    const file = new ResultsFile(resultsPath);
    const note = (result: RowResult): void => {
      results.push(result);
      file.add(result);
    };
    for (const row of invalid) note(refusedRow(row, 'ROW_INVALID', row.mistakes.join('; ')));
    const goOn = `${rows.length} rows; run the same command again to go on: nobody is signed up twice. What is done is in "${resultsPath}".`;
    try {
      await interruptible(`Stopped among ${goOn}`, async (signal) => {
        const bar = new ProgressBar(context, options.dryRun ? 'judged' : 'accepted', rows.length);
        const onResult = (result: RowResult): void => {
          note(result);
          bar.show(results.length);
        };
        await acceptRows(valid, { services, dryRun: options.dryRun, signal, onResult });
        if (!options.wait || options.dryRun) return;
        const ends = new ProgressBar(context, 'ended', results.filter(({ runId }) => runId !== null).length);
        await awaitRuns(results, services, { signal, onProgress: (ended) => ends.show(ended) });
      });
    } finally {
      file.replace(results);
    }
  });
  tell(results, resultsPath, options, context);
}

function refuse(total: number, invalid: readonly InvalidRow[], { print }: CommandContext): never {
  const lines = invalid.flatMap(({ line, mistakes }) => mistakes.map((mistake) => `line ${line}: ${mistake}`));
  const more = lines.length > MOST_SHOWN ? [`And ${lines.length - MOST_SHOWN} more: see --json.`] : [];
  print(
    { invalid: invalid.map(({ line, externalId, mistakes }) => ({ line, externalId, mistakes })) },
    [...lines.slice(0, MOST_SHOWN), ...more].join('\n'),
  );
  throw customersFileInvalid(
    `${invalid.length} of ${total} rows are wrong, so that nothing was accepted. Correct them, or leave them out with --skip-invalid.`,
  );
}

function tell(results: readonly RowResult[], file: string, { dryRun }: FileOptions, { print }: CommandContext): void {
  const counts: Record<string, number> = {};
  for (const { state } of results) counts[state] = (counts[state] ?? 0) + 1;
  const sorted = results.toSorted((a, b) => a.line - b.line);
  const counted = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
  print({ dryRun, counts, resultsFile: file, rows: sorted }, `${counted.join(', ') || 'No rows'}. Each row: ${file}`);
  const failed = results.filter(({ state }) => SHORT_OF_ITS_END.includes(state)).length;
  if (failed > 0) {
    throw new DomainError(
      'conflict',
      'CUSTOMERS_NOT_ONBOARDED',
      `${failed} of ${results.length} rows were refused or stopped; "${file}" says why. Correct them and run the command again: the others stay as they are.`,
    );
  }
}
