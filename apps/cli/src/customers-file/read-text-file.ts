import { readFileSync, statSync } from 'node:fs';
import { customersFileInvalid } from './customers-file-invalid.js';

const MOST_BYTES = 64 * 1024 * 1024;

/** The text of a file of customers, in UTF-8. Throws CUSTOMERS_FILE_INVALID. */
export function readTextFile(path: string): string {
  let bytes: Buffer;
  try {
    if (statSync(path).size > MOST_BYTES) {
      throw customersFileInvalid(`The file "${path}" is longer than ${MOST_BYTES / 1024 / 1024} MiB. Split it.`);
    }
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'CUSTOMERS_FILE_INVALID') throw error;
    throw customersFileInvalid(`The file "${path}" cannot be read (${code}).`, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw customersFileInvalid(`The file "${path}" is not UTF-8: save it as "CSV UTF-8".`, error);
  }
}
