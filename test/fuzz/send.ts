import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { SentRequest } from './sent-request.js';

/** What the API answered. */
export interface Reply {
  status: number;
  headers: IncomingMessage['headers'];
  /** Of server-sent events no more than the first lines, of lines of JSON the first one. */
  text: string;
}

/** Longer than any answer should take; what takes longer is told as a failure. */
const ANSWER_WITHIN_MS = 60_000;

/** Replies that go on for as long as the caller listens. */
const STREAMS = /^(?:text\/event-stream|application\/x-ndjson)/;

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
  const isStream = STREAMS.test(response.headers['content-type'] ?? '');
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (isStream && text.includes('\n')) break;
  }
  if (isStream) request.destroy();
  const { statusCode: status = 0, headers } = response;
  return { status, headers, text: headers['content-type']?.includes('ndjson') ? text.split('\n', 1)[0]! : text };
}
