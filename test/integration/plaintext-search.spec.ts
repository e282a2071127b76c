import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PlaintextSearch } from '../plaintext-search.js';

const MEBIBYTE = 1 << 20;
const SECRET = 'f3c1-the-secret-of-a-client';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plaintext-search-'));
});
afterAll(() => rm(folder, { recursive: true }));

const write = async (name: string, ...parts: string[]): Promise<string> => {
  await writeFile(join(folder, name), parts.join(''));
  return join(folder, name);
};

describe('the search of a file', () => {
  const search = new PlaintextSearch([['the secret', SECRET]]);

  it.each([0, 1, 13, SECRET.length - 1, SECRET.length])(
    'finds once what has %i bytes behind the end of a slice',
    async (behind) => {
      const path = await write('cut', 'x'.repeat(MEBIBYTE - SECRET.length + behind), SECRET, 'x'.repeat(MEBIBYTE));
      expect(await search.findInFile(path)).toEqual({ found: ['the secret (raw)'], bytes: 2 * MEBIBYTE + behind });
    },
  );

  it('finds every form of it', async () => {
    const [base64, hex] = (['base64', 'hex'] as const).map((form) => Buffer.from(SECRET).toString(form));
    const { found } = await search.findInFile(await write('forms', `${base64}\n${hex}`));
    expect(found).toEqual(expect.arrayContaining(['the secret (base64)', 'the secret (hex)']));
  });

  it('finds each of many, in hex and amid hex', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `secret ${index}`);
    const many = names.map((name) => [name, createHash('sha256').update(name).digest('hex')] as const);
    const other = createHash('sha512').update('other').digest('hex').repeat(100);
    const path = await write('many', ...many.flatMap(([, text]) => [other, text, Buffer.from(text).toString('hex')]));
    const { found } = await new PlaintextSearch(many).findInFile(path);
    expect(found.sort()).toEqual(
      names.flatMap((name) => ['raw', 'hex', 'HEX'].map((form) => `${name} (${form})`)).sort(),
    );
  });

  it('finds nothing where nothing is, or no file', async () => {
    const path = await write('clean', 'x'.repeat(MEBIBYTE + 1));
    expect(await search.findInFile(path)).toEqual({ found: [], bytes: MEBIBYTE + 1 });
    expect(await search.findInFile(join(folder, 'gone'))).toEqual({ found: [], bytes: 0 });
  });
});
