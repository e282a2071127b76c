import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';

/** What follows one request through API, job and log line. */
export interface RequestContext {
  requestId: string;
  /** W3C Trace Context `traceparent` (w3.org/TR/trace-context, section 3.2). */
  traceparent: string;
}

const storage = new AsyncLocalStorage<RequestContext>();
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Runs `work` with `context`; everything awaited inside sees it. */
export function withRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The context of the request or job under way, or undefined outside of one. */
export function currentRequestContext(): RequestContext | undefined {
  return storage.getStore();
}

/** The caller's `traceparent` when it is well formed, else the start of a new trace. */
export function continueTrace(traceparent: string | undefined): string {
  if (traceparent !== undefined && TRACEPARENT.test(traceparent)) return traceparent;
  return `00-${randomHex(16)}-${randomHex(8)}-01`;
}

const pool = Buffer.alloc(24 * 256);
let used = pool.length;

/** Random bytes in hex. Asked for in bulk: a request needs few, and each asking costs as much as many. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool.toString('hex', used, (used += bytes));
}
