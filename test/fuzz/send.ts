import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { SentRequest } from './sent-request.js';

/** What the API answered. */
export interface Reply {
  status: number;
  headers: IncomingMessage['headers'];
  /** Of a stream no more than the beginning: items that are whole. */
  text: string;
}

/** Longer than any answer should take; what takes longer is told as a failure. */
const ANSWER_WITHIN_MS = 60_000;

/** Replies that go on for as long as the caller listens, and when enough of them was read: an event, or some lines of JSON. */
const STREAMS: Readonly<Record<string, { isEnough(text: string): boolean; end: string }>> = {
  'text/event-stream': { isEnough: (text) => /^(?:data|:)[^]*\n\n/m.test(text), end: '\n\n' },
  'application/x-ndjson': { isEnough: (text) => text.length > MAX_READ && text.includes('\n'), end: '\n' },
};

/** Characters of lines: an export is as long as all that the walk did. */
const MAX_READ = 100_000;

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Sends a request as it is, without putting anything right. Throws what the connection does, and where no answer comes. */
export function send(apiUrl: string, { method, target, headers, body }: SentRequest): Promise<Reply> {
  const { hostname, port } = new URL(apiUrl);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const request = httpRequest(
      {
        agent,
        hostname,
        port,
        method,
        path: target,
        headers: { ...asBytes(headers), ...length },
        timeout: ANSWER_WITHIN_MS,
      },
      (response) => void read(request, response).then(resolve, reject),
    );
    request.on('timeout', () => request.destroy(new Error('No answer came in time.')));
    request.on('error', reject);
    request.end(body);
  });
}

/** What stands on the wire: UTF-8, of which Node would refuse most, but without the characters that end a header. */
function asBytes(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => {
    const bytes = Buffer.from(value, 'utf8').toString('latin1');
    return [name, bytes.replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, '?')];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Closes the connections that are kept for requests to come. */
export const hangUp = (): void => agent.destroy();

async function read(request: ClientRequest, response: IncomingMessage): Promise<Reply> {
  const { statusCode: status = 0, headers } = response;
  const stream = STREAMS[headers['content-type'] ?? ''];
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (stream?.isEnough(text) !== true) continue;
    request.destroy();
    return { status, headers, text: text.slice(0, text.lastIndexOf(stream.end) + stream.end.length) };
  }
  return { status, headers, text };
}
