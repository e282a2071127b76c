import { Agent, request } from 'undici';

const agent = new Agent({ connections: 32, keepAliveTimeout: 5_000 });

/** An answer with its JSON body, or without one. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: any;
}

/** One HTTP call on loopback with JSON both ways; throws only when no answer came. */
export async function http(
  method: string,
  url: string,
  options: { body?: unknown; headers?: Record<string, string>; timeoutMs?: number } = {},
): Promise<HttpAnswer> {
  const answer = await request(url, {
    dispatcher: agent,
    method: method as 'GET',
    headers: { ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
    body: options.body === undefined ? null : JSON.stringify(options.body),
    headersTimeout: options.timeoutMs ?? 20_000,
    bodyTimeout: options.timeoutMs ?? 20_000,
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
}
