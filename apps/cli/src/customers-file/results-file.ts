import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { DomainError } from '@app/platform';
import { csvLine } from './csv-line.js';
import type { RowResult } from './row-result.js';

const COLUMNS = ['line', 'externalId', 'customerId', 'runId', 'state', 'code', 'message'] as const;

/** A CSV file that says what became of each row: as each is known, and at the end once more in the order of the rows. */
export class ResultsFile {
  /** Begins the file anew. Throws RESULTS_FILE_UNWRITABLE. */
  constructor(readonly path: string) {
    this.#write(() => writeFileSync(path, csvLine(COLUMNS)));
  }

  /** Throws RESULTS_FILE_UNWRITABLE. */
  add(result: RowResult): void {
    this.#write(() => appendFileSync(this.path, lineOf(result)));
  }

  /** Puts these in the place of what was added: all or nothing. Throws RESULTS_FILE_UNWRITABLE. */
  replace(results: readonly RowResult[]): void {
    const sorted = results.toSorted((a, b) => a.line - b.line);
    this.#write(() => {
      writeFileSync(`${this.path}.tmp`, [csvLine(COLUMNS), ...sorted.map(lineOf)].join(''));
      renameSync(`${this.path}.tmp`, this.path);
    });
  }

  #write(work: () => void): void {
    try {
      work();
    } catch (cause) {
      throw new DomainError(
        'unavailable',
        'RESULTS_FILE_UNWRITABLE',
        `The results cannot be written to "${this.path}" (${(cause as NodeJS.ErrnoException).code}). Name another file with --results, and run the command again: what was accepted stays as it is.`,
        { cause },
      );
    }
  }
}

const lineOf = (result: RowResult): string => csvLine(COLUMNS.map((column) => String(result[column] ?? '')));
