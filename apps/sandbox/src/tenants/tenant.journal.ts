import { appendFileSync, closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../start-error.js';
import type { JournalEntry } from './tenant.change.js';

/** The file that lets state survive a SIGKILL: one line of JSON per commit, appended before the reply (no fsync: a power cut may lose the end). */
export class Journal {
  readonly #path: string;
  #file: number | undefined;

  /** In a directory that exists; nothing is read or written yet. */
  constructor(dataDir: string) {
    this.#path = join(dataDir, 'journal.ndjson');
  }

  /** All entries so far; a last line that a kill cut short is left out, any other broken line is a StartError. */
  *read(): Generator<JournalEntry> {
    if (!existsSync(this.#path)) return;
    const lines = readFileSync(this.#path, 'utf8').split('\n');
    const cutShort = lines.length - 1;
    for (const [index, line] of lines.entries()) {
      if (line === '' || index === cutShort) continue;
      yield this.#parse(line, index + 1);
    }
  }

  /** Replaces the file by these entries in one rename and opens it for appending. */
  rewrite(entries: Iterable<JournalEntry>): void {
    const draft = `${this.#path}.draft`;
    const file = openSync(draft, 'w', 0o600);
    for (const entry of entries) appendFileSync(file, `${JSON.stringify(entry)}\n`);
    closeSync(file);
    renameSync(draft, this.#path);
    this.#file = openSync(this.#path, 'a', 0o600);
  }

  /** Appends one entry with one write; an error of the disk is thrown, and then the change must not be made. */
  append(entry: JournalEntry): void {
    if (this.#file === undefined) throw new Error('The journal is closed.');
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** Ends it: a later append throws. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #parse(line: string, number: number): JournalEntry {
    try {
      return JSON.parse(line) as JournalEntry;
    } catch {
      throw new StartError(`Line ${number} of ${this.#path} is not JSON; move the file away to start empty.`);
    }
  }
}
