import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it arrived. */
export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What to answer; a function does as it likes. */
export type Answer =
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | ((response: ServerResponse, request: SeenRequest) => void);

/** A server that answers as `answers` says, one after the other, the last one again and again. */
export class TestServer {
  readonly seen: SeenRequest[] = [];

  private constructor(
    readonly url: string,
    private answers: Answer[],
    readonly close: () => Promise<void>,
  ) {}

  static async start(): Promise<TestServer> {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        test.#answer({ method, path: url, headers, body }, response);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const test = new TestServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, [], async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return test;
  }

  /** Forgets what was seen, and answers so from now on. */
  willAnswer(...answers: Answer[]): void {
    this.seen.length = 0;
    this.answers = answers;
  }

  #answer(request: SeenRequest, response: ServerResponse): void {
    this.seen.push(request);
    const answer = this.answers.length > 1 ? this.answers.shift()! : this.answers[0]!;
    if (typeof answer === 'function') return answer(response, request);
    const { status, headers = {}, body } = answer;
    const type = status >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(status, { ...(body === undefined ? {} : { 'content-type': type }), ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }
}

/** A problem as the API tells it. */
export const problem = (status: number, code: string, more: object = {}) => ({
  status,
  body: {
    type: `/problems/${code.toLowerCase().replaceAll('_', '-')}`,
    title: 'A title',
    status,
    detail: 'What happened.',
    instance: '/v1/customers',
    code,
    requestId: 'request-1',
    ...more,
  },
});

/** Ends the connection without an answer. */
export const hangUp = (response: ServerResponse): void => void response.socket?.destroy();
