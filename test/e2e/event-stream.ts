/** One event of a stream, or a comment. */
export interface StreamEvent {
  event?: string;
  id?: string;
  data?: any;
  comment?: string;
}

/** A stream of server-sent events that a test reads one by one. */
export class EventStream {
  #text = '';

  private constructor(
    readonly response: Response,
    private readonly reader: ReadableStreamDefaultReader<string>,
    private readonly stop: AbortController,
  ) {}

  /** Follows `path`; throws where the answer is none of events. */
  static async open(url: string, key: string, headers: Record<string, string> = {}): Promise<EventStream> {
    const stop = new AbortController();
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${key}`, ...headers },
      signal: stop.signal,
    });
    if (response.status !== 200) throw new Error(`The API answered ${response.status}: ${await response.text()}`);
    return new EventStream(response, response.body!.pipeThrough(new TextDecoderStream()).getReader(), stop);
  }

  /** The next block that is no `retry`; undefined once the stream has ended. Rejects when it breaks. */
  async next(): Promise<StreamEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (!block.startsWith('retry:')) return parse(block);
        continue;
      }
      const { done, value } = await this.reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  /** Every event that comes until the stream ends. */
  async rest(): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event);
    return events;
  }

  /** Goes away without a word. */
  abort(): void {
    this.stop.abort();
  }
}

function parse(block: string): StreamEvent {
  if (block.startsWith(':')) return { comment: block.slice(1).trim() };
  const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
  return { ...fields, data: JSON.parse(fields.data) };
}
