import { expect, it } from '@jest/globals';
import { csvLine } from './csv-line.js';

it.each([
  [['a', '', 'b c'], 'a,,b c\n'],
  [['a,b', 'say "x"', 'two\nlines'], '"a,b","say ""x""","two\nlines"\n'],
  [['=1+1', '+1', '-1', '@SUM(A1)', 'a=1'], "'=1+1,'+1,'-1,'@SUM(A1),a=1\n"],
  [['\tx', '=HYPERLINK("x","y")'], '\'\tx,"\'=HYPERLINK(""x"",""y"")"\n'],
])('%j is a line that no spreadsheet takes for a formula', (cells, line) => expect(csvLine(cells)).toBe(line));
