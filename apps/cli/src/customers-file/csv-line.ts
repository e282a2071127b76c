/** What a spreadsheet takes for the beginning of a formula (owasp.org, CSV Injection). */
const FORMULA = /^[=+\-@\t\r]/;

/** A line of a CSV file, its end included. A cell that a spreadsheet would take for a formula begins with `'`. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(csvCell).join(',')}\n`;

function csvCell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
