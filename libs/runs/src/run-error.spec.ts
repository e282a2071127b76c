import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const runbook = readFileSync('docs/runbook.md', 'utf8');
const settings = new Set(readFileSync('docs/configuration.md', 'utf8').match(/\b[A-Z]+(?:_[A-Z]+)+\b/g));

/** Whatever a run passes through may end it, or let it wait, with a code. */
const sources = ['runs', 'provisioning', 'qlik', 'vault']
  .flatMap((lib) => readdirSync(`libs/${lib}/src`, { recursive: true, encoding: 'utf8', withFileTypes: true }))
  .filter((file) => file.isFile() && file.name.endsWith('.ts') && !file.name.endsWith('.spec.ts'))
  .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
  .join('\n');

const CODE = "'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'";
const find = (pattern: string): string[] => [...sources.matchAll(new RegExp(pattern, 'g'))].map((match) => match[1]!);

// A DomainError of these libs answers a request (docs/api.md has its code), and UND_ERR_… are the HTTP client's own.
const notOfRuns = new Set([...find(`new DomainError\\(\\s*'[a-z-]+',\\s*${CODE}`), ...find(`Symbol\\(${CODE}\\)`)]);
const codes = [...new Set(find(CODE))].filter(
  (code) => !notOfRuns.has(code) && !settings.has(code) && !code.startsWith('UND_ERR_'),
);

/** The entries, by code; a heading may name several. */
const entries = new Map(
  runbook.split(/^#### /m).flatMap((section): [string, string][] => {
    const [heading = '', ...lines] = section.split(/^#{2,3} /m)[0]!.split('\n');
    return /^[A-Z_]+(, [A-Z_]+)*$/.test(heading) ? heading.split(', ').map((code) => [code, lines.join('\n')]) : [];
  }),
);

/** Codes that stop no run: a process that does not start with one, and warnings. */
const elsewhere = new Set(
  [...runbook.matchAll(/\(`([A-Z_]+)`\)|^- \*\*([A-Z_]+)\*\*/gm)].map((match) => match[1] ?? match[2]),
);

describe('docs/runbook.md', () => {
  it('is compared with the codes in the source', () => {
    // One of each lib: the search would find them wherever they went.
    expect(codes).toEqual(
      expect.arrayContaining([
        'WORKER_LOST',
        'INTERNAL_ERROR',
        'CREATION_UNANSWERED',
        'PARENT_REFUSED',
        'DATA_KEY_UNREADABLE',
      ]),
    );
  });

  it.each(codes)('has an entry for %s', (code) => {
    expect([...entries.keys(), ...elsewhere]).toContain(code);
  });

  it.each([...entries.keys()])('says what %s means, what to do, and how to check', (code) => {
    const parts = [...entries.get(code)!.matchAll(/^- \*\*(\w+):\*\* \S.{10}/gm)].map((match) => match[1]);
    expect(parts).toEqual(['Means', 'Do', 'Check']);
    expect(codes).toContain(code);
  });
});
