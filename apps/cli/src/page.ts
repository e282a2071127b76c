import type { Command } from 'commander';
import { aligned } from './aligned.js';
import type { CommandContext } from './command-context.js';

/** What the options of `addPageOptions` leave, as the API's filters take it. */
export interface PageOptions {
  limit?: string;
  cursor?: string;
}

/** Adds `--limit` and `--cursor`, by which a list is gone through. */
export const addPageOptions = (command: Command): Command =>
  command
    .option('--limit <number>', 'how many, at most 100 (default: 25)')
    .option('--cursor <cursor>', 'go on where the page before ended');

/** How people see a page: `none` is what they are told of an empty one. */
export interface PageTable {
  header: string[];
  rows: string[][];
  none: string;
}

/** Prints a page, and tells people how to see the next. */
export function printPage<Page extends { nextCursor?: string | undefined }>(
  { print, note }: CommandContext,
  page: Page,
  { header, rows, none }: PageTable,
): void {
  if (page.nextCursor !== undefined) note(`There are more: --cursor ${page.nextCursor}`);
  print(page, rows.length === 0 ? none : aligned([header, ...rows]));
}
