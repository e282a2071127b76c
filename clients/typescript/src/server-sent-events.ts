/** One event, as the HTML standard (9.2, Server-sent events) reads it. */
export interface ServerSentEvent {
  event: string;
  id: string;
  data: string;
}

/** The events of a stream until it ends; throws what reading throws. `onBytes` hears of every sign of life, comments too. */
export async function* readServerSentEvents(
  stream: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<ServerSentEvent> {
  // Not every browser can iterate a stream.
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let id = '';
  let event = 'message';
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      // A CR at the end may be half of a CRLF.
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) yield { event, id, data: data.join('\n') };
          event = 'message';
          data = [];
          continue;
        }
        const [, field, text] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
        if (field === 'event') event = text ?? '';
        else if (field === 'data') data.push(text ?? '');
        else if (field === 'id') id = text ?? '';
      }
    }
  } finally {
    await reader.cancel();
  }
}
