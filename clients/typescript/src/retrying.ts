import { linkSignals } from './linked-signals.js';
import { sleep } from './sleep.js';

/** How often and how long a call is repeated. */
export interface RetryOptions {
  /** Tries in all, the first one included; 4 unless given. */
  maxTries?: number;
  /** No try begins later than this after the first one; 60 s unless given. An API that asks for more patience gets no further try. */
  maxTotalMs?: number;
  /** How long to wait after the first try, twice as long after each further one, where the API does not say; 500 ms unless given. */
  backoffMs?: number;
}

type Send = (request: Request) => Promise<Response>;

const LONGEST_BACKOFF_MS = 8_000;

/** Methods that may be sent twice (RFC 9110, section 9.2.2). */
const IDEMPOTENT_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
/** What proxies and the API answer when they cannot tell whether, or know that no, harm was done by asking. */
const UNAVAILABLE = new Set([502, 503, 504]);

/**
 * Sends, and sends again what may be sent again: any call that was refused for now (429), and, where the method is idempotent or the call has
 * an Idempotency-Key, one whose answer got lost. In the end it answers or throws what the last try did.
 */
export function retrying(send: Send, ofClient: RetryOptions | false, timeoutMs: number): Send {
  return async (request) => {
    // openapi-fetch hands on options that it does not know as members of the request.
    const retry = (request as { retry?: RetryOptions | false }).retry ?? ofClient;
    const { maxTries = 4, maxTotalMs = 60_000, backoffMs = 500 } = retry === false ? { maxTries: 1 } : retry;
    const giveUpAt = Date.now() + maxTotalMs;
    for (let tries = 1; ; tries++) {
      const mayRepeat = (waitMs: number) => tries < maxTries && Date.now() + waitMs <= giveUpAt;
      let waitMs: number;
      try {
        const response = await sendOnce(send, request, timeoutMs);
        waitMs = delayMs(tries, backoffMs, response.headers.get('retry-after'));
        if (!mayRepeat(waitMs) || !(await isRepeatable(request, response))) return response;
        await response.body?.cancel();
      } catch (error) {
        waitMs = delayMs(tries, backoffMs, null);
        if (request.signal.aborted || !mayRepeat(waitMs) || !isIdempotent(request)) throw error;
      }
      await sleep(waitMs, request.signal);
    }
  };
}

/** How long to wait after this many tries: what `Retry-After` asks (seconds or a date), else exponentially more, and some chance. */
export function delayMs(
  tries: number,
  firstMs: number,
  retryAfter: string | null,
  now = Date.now(),
  chance = Math.random(),
): number {
  const backoffMs = Math.min(firstMs * 2 ** (tries - 1), LONGEST_BACKOFF_MS);
  const askedMs = readRetryAfterMs(retryAfter, now);
  return askedMs === undefined ? (backoffMs * (1 + chance)) / 2 : askedMs + backoffMs * chance;
}

function readRetryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function isIdempotent(request: Request): boolean {
  return IDEMPOTENT_METHODS.has(request.method) || request.headers.has('idempotency-key');
}

async function isRepeatable(request: Request, response: Response): Promise<boolean> {
  if (response.status === 429) return true;
  if (!isIdempotent(request)) return false;
  if (response.status !== 409) return UNAVAILABLE.has(response.status);
  // An earlier try of this very call, whose answer did not arrive, is still under way.
  const body = await response.clone().text();
  return body.includes('"IDEMPOTENCY_IN_PROGRESS"');
}

/**
 * What must live as long as the body of an answer is read: Node's requests follow their signals by weak references, and one that was
 * collected hears no abort.
 */
const requestsOf = new WeakMap<object, Request[]>();

/** One try, with its JSON read, so that an answer that breaks off in the middle counts as lost. */
async function sendOnce(send: Send, request: Request, timeoutMs: number): Promise<Response> {
  const { signal, abort } = linkSignals(request.signal);
  const tooLate = new DOMException(`There was no answer within ${timeoutMs} ms.`, 'TimeoutError');
  const timer = setTimeout(() => abort(tooLate), timeoutMs);
  const copy = new Request(request.clone(), { signal });
  requestsOf.set(signal, [request, copy]);
  try {
    const response = await send(copy);
    if (response.body !== null) requestsOf.set(response.body, [request, copy]);
    const isJson = /^application\/([\w.+-]+\+)?json\b/.test(response.headers.get('content-type') ?? '');
    if (!isJson || response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(await response.arrayBuffer(), { status, statusText, headers });
  } finally {
    clearTimeout(timer);
    requestsOf.delete(signal);
  }
}
