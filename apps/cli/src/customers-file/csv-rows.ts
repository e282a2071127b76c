import { CsvError, type CsvErrorCode, parse } from 'csv-parse/sync';
import { customersFileInvalid } from './customers-file-invalid.js';

/** A row: its cells by column, and the line on which it ends. */
export interface CsvRow {
  line: number;
  cells: Map<string, string>;
}

/** Customers in one file. */
const MOST_ROWS = 100_000;

/** Characters of one row: every field full, and quoted. */
const LONGEST_ROW = 256 * 1024;

/**
 * The rows of a CSV file (RFC 4180) that has some of `known` as its header and all of `required`; empty rows and cells are left out. Throws
 * CUSTOMERS_FILE_INVALID with the line, and never with what stands there: it may be a secret.
 */
export function parseCsvRows(text: string, known: readonly string[], required: readonly string[]): CsvRow[] {
  const [header, ...rows] = parseRecords(text);
  if (header === undefined) throw customersFileInvalid('The file is empty: it needs a header and a row per customer.');
  assertHeader(header.record, known, required);
  if (rows.length > MOST_ROWS) {
    throw customersFileInvalid(`The file has ${rows.length} rows; at most ${MOST_ROWS} are taken. Split it.`);
  }
  return rows
    .map(({ record, info: { lines } }) => ({
      line: lines,
      cells: new Map(header.record.map((name, column) => [name, record[column]!] as const).filter(([, cell]) => cell)),
    }))
    .filter(({ cells }) => cells.size > 0);
}

function parseRecords(text: string): { record: string[]; info: { lines: number } }[] {
  try {
    return parse(text, { info: true, trim: true, skip_empty_lines: true, max_record_size: LONGEST_ROW }) as never;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error as unknown as { lines: number };
    throw customersFileInvalid(
      `Line ${lines} ${EXPLANATIONS[error.code] ?? `cannot be read as CSV (${error.code})`}. Nothing was accepted.`,
    );
  }
}

const QUOTE_WITHIN =
  'has a double quote within a cell: put the whole cell into double quotes, and write each one in it twice';

const EXPLANATIONS: Partial<Record<CsvErrorCode, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH:
    'has another number of cells than the header: put a cell with a comma in it into double quotes',
  CSV_QUOTE_NOT_CLOSED: 'is the last, and a double quote that was opened before is not closed',
  INVALID_OPENING_QUOTE: QUOTE_WITHIN,
  CSV_INVALID_CLOSING_QUOTE: QUOTE_WITHIN,
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: QUOTE_WITHIN,
  CSV_MAX_RECORD_SIZE: 'is too long for a customer: is a double quote not closed?',
};

function assertHeader(header: readonly string[], known: readonly string[], required: readonly string[]): void {
  const unknown = header.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const shown = JSON.stringify(unknown.slice(0, 100));
    throw customersFileInvalid(
      `There is no column ${shown}. The columns are, with commas between: ${known.join(', ')}.`,
    );
  }
  const twice = header.find((name, column) => header.indexOf(name) !== column);
  if (twice !== undefined) throw customersFileInvalid(`The column "${twice}" is there twice.`);
  const missing = required.filter((name) => !header.includes(name));
  if (missing.length > 0)
    throw customersFileInvalid(`The header lacks ${missing.map((name) => `"${name}"`).join(', ')}.`);
}
