import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';

/** Where the processes of a rig write, line by line. */
export class LogFile {
  readonly #stream: WriteStream;

  constructor(readonly path: string) {
    this.#stream = createWriteStream(path, { flags: 'a' });
  }

  readonly write = (line: string): void => void this.#stream.write(line);

  async close(): Promise<void> {
    this.#stream.end();
    await once(this.#stream, 'finish');
  }
}
