import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What of a file is searched in one go, in bytes: whoever measures time in the same process waits for no more. */
const SLICE_BYTES = 1 << 20;

/** Looks for texts in whatever they may have been written to: as they are, and in base64, base64url, hex, URL- and JSON-escaped. */
export class PlaintextSearch {
  /** By the first three bytes of a form. */
  readonly #forms = new Map<number, { form: Buffer; what: string }[]>();
  /** Whether a form begins with these three bytes. */
  readonly #starts = new Uint8Array(1 << 24);
  /** Whether one may begin with these six: in hex, which audit chains are full of, any three begin some form. */
  readonly #begins = new Uint8Array(1 << 24);
  #longest = 0;

  /** `texts`: what must be nowhere, by a name that may be shown; each of six bytes at least. */
  constructor(texts: Iterable<readonly [name: string, text: string]>) {
    for (const [name, text] of texts) {
      for (const [kind, form] of formsOf(text)) {
        const bytes = Buffer.from(form);
        const start = bytes.readUIntBE(0, 3);
        if (bytes.length < 6) throw new RangeError(`${name} is too short to be looked for.`);
        this.#starts[start] = 1;
        this.#begins[placeOf(start, bytes.readUIntBE(3, 3))] = 1;
        this.#longest = Math.max(this.#longest, bytes.length);
        const alike = this.#forms.get(start) ?? [];
        alike.push({ form: bytes, what: `${name} (${kind})` });
        this.#forms.set(start, alike);
      }
    }
  }

  /** What is found in `content`, each once. */
  find(content: Buffer): string[] {
    const found = new Set<string>();
    for (let at = 0, start = 0; at < content.length; at += 1) {
      start = ((start << 8) | content[at]!) & 0xffffff;
      if (this.#starts[start] !== 1) continue;
      const next = (content[at + 1]! << 16) | (content[at + 2]! << 8) | content[at + 3]!;
      if (this.#begins[placeOf(start, next)] !== 1) continue;
      for (const { form, what } of this.#forms.get(start) ?? []) {
        if (content.subarray(at - 2, at - 2 + form.length).equals(form)) found.add(what);
      }
    }
    return [...found];
  }

  /** What is found in the files under `folder`, with the file, and how many bytes were looked through. */
  async findInFolder(folder: string): Promise<{ found: string[]; bytes: number }> {
    const found: string[] = [];
    let bytes = 0;
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const inFile = await this.findInFile(path);
      bytes += inFile.bytes;
      found.push(...inFile.found.map((what) => `${what} in ${path}`));
    }
    return { found, bytes };
  }

  /** What is found in a file, each once, and how many bytes it has: none if it is gone, as a server at work removes files of its own. */
  async findInFile(path: string): Promise<{ found: string[]; bytes: number }> {
    const found = new Set<string>();
    let bytes = 0;
    let end = Buffer.alloc(0);
    try {
      for await (const slice of createReadStream(path, { highWaterMark: SLICE_BYTES }) as AsyncIterable<Buffer>) {
        bytes += slice.length;
        const content = Buffer.concat([end, slice]);
        for (const what of this.find(content)) found.add(what);
        // What begins here may end in the next slice.
        end = content.subarray(Math.max(0, content.length - this.#longest));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return { found: [...found], bytes };
  }
}

/** Where six bytes, given as two numbers of three, are in a table of 2^24. */
const placeOf = (first: number, second: number): number => (first ^ Math.imul(second, 0x9e3779b1)) >>> 8;

function* formsOf(text: string): Iterable<[kind: string, form: string]> {
  const hex = Buffer.from(text).toString('hex');
  yield ['raw', text];
  yield ['hex', hex];
  yield ['HEX', hex.toUpperCase()];
  const json = JSON.stringify(text).slice(1, -1);
  if (json !== text) yield ['JSON', json];
  const url = encodeURIComponent(text);
  if (url !== text) yield ['URL', url];
  // Encoded as part of something longer, a text begins at one of three places in a group; the outermost characters then depend on its neighbours.
  for (const offset of [0, 1, 2]) {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
    const whole = bytes.toString('base64').replaceAll('=', '');
    const base64 = whole.slice(offset === 0 ? 0 : offset + 1, bytes.length % 3 === 0 ? undefined : -1);
    yield ['base64', base64];
    const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_');
    if (urlSafe !== base64) yield ['base64url', urlSafe];
  }
}
