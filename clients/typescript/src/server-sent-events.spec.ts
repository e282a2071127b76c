import { describe, expect, it } from '@jest/globals';
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.js';

async function read(...chunks: string[]): Promise<ServerSentEvent[]> {
  const bytes = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(bytes.encode(chunk));
      controller.close();
    },
  });
  const events: ServerSentEvent[] = [];
  for await (const event of readServerSentEvents(stream, () => undefined)) events.push(event);
  return events;
}

describe('a stream of events', () => {
  it('is read as the standard says', async () => {
    expect(
      await read('event: run\nid: 7\ndata: {"a":\ndata:1}\n\n: comment\n\ndata\n\nevent: other\n\ndata: x: y\n\n'),
    ).toEqual([
      { event: 'run', id: '7', data: '{"a":\n1}' },
      { event: 'message', id: '7', data: '' },
      { event: 'message', id: '7', data: 'x: y' },
    ]);
  });

  it.each(['\n', '\r\n', '\r'])('is read the same wherever it is cut, with lines that end in %j', async (end) => {
    const text = ['event: run', 'id: 1', 'data: grüße', '', ''].join(end);
    const event = [{ event: 'run', id: '1', data: 'grüße' }];
    // What follows shows that a last CR was no half of a CRLF.
    for (let cut = 0; cut <= text.length; cut++)
      expect(await read(text.slice(0, cut), text.slice(cut), `: end${end}`)).toEqual(event);
  });

  it('leaves out an event that is not whole', async () => {
    expect(await read('data: 1\n\ndata: 2\n')).toMatchObject([{ data: '1' }]);
  });
});
