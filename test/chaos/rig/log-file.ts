import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';

/** Where the processes of a rig write, line by line. */
export class LogFile {
  readonly #stream: WriteStream;

  constructor(readonly path: string) {
    this.#stream = createWriteStream(path, { flags: 'a' });
  }

  readonly write = (line: string): void => void this.#stream.write(line);

  /** Resolves when every line so far is in the file. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write('', (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    this.#stream.end();
    await once(this.#stream, 'finish');
  }
}
