import { noteServerTime } from './server-clock.js';

/** A request that was refused, could not be served, or never arrived; `message` is what to tell the operator. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';

  constructor(
    message: string,
    /** 0 when nothing was answered. */
    readonly status: number,
    readonly code: string,
    readonly requestId?: string,
  ) {
    super(message);
  }
}

/** What is sent along with a change. */
export interface Change {
  body?: unknown;
  csrfToken?: string;
}

/** Reads from the server. Throws RequestFailed. */
export const read = <Answer>(path: string, signal?: AbortSignal): Promise<Answer> => send('GET', path, {}, signal);

/** Changes something at the server. Throws RequestFailed. */
export const change = <Answer>(method: 'POST' | 'DELETE', path: string, what: Change): Promise<Answer> =>
  send(method, path, what);

async function send<Answer>(method: string, path: string, { body, csrfToken }: Change, signal?: AbortSignal) {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: signal ?? null,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(csrfToken === undefined ? {} : { 'x-csrf-token': csrfToken }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new RequestFailed('The dashboard’s server does not answer. Check that it runs and is reached.', 0, 'OFFLINE');
  }
  noteServerTime(response.headers.get('date'));
  if (!response.ok) throw await tellFailure(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

async function tellFailure(response: Response): Promise<RequestFailed> {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const isProblem = response.headers.get('content-type')?.includes('json') ?? false;
  if (!isProblem)
    return new RequestFailed(`The server answered with ${response.status}.`, response.status, 'UNKNOWN', requestId);
  const { code, detail, title } = (await response.json()) as { code: string; detail?: string; title: string };
  return new RequestFailed(detail ?? `${title}.`, response.status, code, requestId);
}
