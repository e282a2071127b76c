import {
  ADDRESS_BLOCKED,
  guardedConnector,
  type GuardedConnectorOptions,
  isLoopbackAddress,
  isPublicAddress,
} from '@app/platform';
import { Agent, errors, request } from 'undici';
import { readRetryAfter } from './retry-schedule.js';

/** The whole of one delivery, from look-up to the status, in ms. */
export const DELIVERY_TIMEOUT_MS = 15_000;

/** Bytes of an answer's body that are read, so that its connection ends in order; nobody looks at them. */
const MAX_BODY_BYTES = 16 * 1024;

/** What went wrong with a delivery: told in the log, a public contract. */
export type DeliveryError =
  | 'TIMED_OUT'
  | 'ADDRESS_NOT_PUBLIC'
  | 'NAME_NOT_FOUND'
  | 'TLS_REFUSED'
  | 'UNREACHABLE'
  | 'ANSWER_UNREADABLE'
  | 'REDIRECTED'
  | 'REFUSED'
  | 'SECRET_UNAVAILABLE';

/** How one try ended. Without `error` it went well. */
export interface DeliveryOutcome {
  durationMs: number;
  status?: number;
  error?: DeliveryError;
  /** The network's own code, e.g. `ECONNREFUSED`. */
  networkCode?: string;
  retryAfterMs?: number;
}

/** A request as it is sent. */
export interface SignedDelivery {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** How deliveries reach their receivers; all but `isLoopbackAllowed` have a default that only tests change. */
export interface WebhookTransportOptions {
  isLoopbackAllowed: boolean;
  timeoutMs?: number;
  connector?: Pick<GuardedConnectorOptions, 'lookup' | 'ca'>;
}

/** Posts deliveries: once each, within a time limit, to public addresses, following nothing. */
export class WebhookTransport {
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  constructor({ isLoopbackAllowed, timeoutMs = DELIVERY_TIMEOUT_MS, connector }: WebhookTransportOptions) {
    const onThisMachine = isLoopbackAllowed
      ? {
          isAllowed: (address: string) => isPublicAddress(address) || isLoopbackAddress(address),
          isLiteralAllowed: isLoopbackAddress,
        }
      : {};
    this.#timeoutMs = timeoutMs;
    this.#agent = new Agent({
      connect: guardedConnector({ connectTimeoutMs: timeoutMs, ...onThisMachine, ...connector }),
      // A connection each: a receiver may close an idle one at the moment we use it, and we could not tell whether it got the request.
      pipelining: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Resolves to how it ended, whatever happens; to undefined when `signal` cut it off, which leaves open whether it arrived. */
  async post({ url, headers, body }: SignedDelivery, signal: AbortSignal): Promise<DeliveryOutcome | undefined> {
    const start = performance.now();
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const durationMs = (): number => Math.round(performance.now() - start);
    try {
      const answer = await request(url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'tenant-provisioner', ...headers },
        body,
        signal: AbortSignal.any([timeout, signal]),
      });
      const outcome = { durationMs: durationMs(), ...judge(answer.statusCode, answer.headers['retry-after']) };
      // The status has said it all, whatever becomes of the rest.
      await answer.body.dump({ limit: MAX_BODY_BYTES }).catch(() => undefined);
      return outcome;
    } catch (error) {
      if (signal.aborted) return undefined;
      return { durationMs: durationMs(), ...explain(error, timeout.aborted) };
    }
  }

  /** Closes what is open; Nest calls it. */
  async onApplicationShutdown(): Promise<void> {
    await this.#agent.destroy();
  }
}

function judge(status: number, retryAfter: string | string[] | undefined): Omit<DeliveryOutcome, 'durationMs'> {
  if (status >= 200 && status < 300) return { status };
  const retryAfterMs = readRetryAfter(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, new Date());
  return {
    status,
    error: status < 400 ? 'REDIRECTED' : 'REFUSED',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Takes only the code of an error: its message and data may hold bytes of the answer, or of the URL. */
function explain(error: unknown, timedOut: boolean): Omit<DeliveryOutcome, 'durationMs'> {
  if (timedOut) return { error: 'TIMED_OUT' };
  if (error instanceof errors.HTTPParserError) return { error: 'ANSWER_UNREADABLE' };
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === ADDRESS_BLOCKED) return { error: 'ADDRESS_NOT_PUBLIC' };
  if (!/^[A-Z0-9_]{1,60}$/.test(code)) return { error: 'UNREACHABLE' };
  return { error: errorOf(code), networkCode: code };
}

function errorOf(code: string): DeliveryError {
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'TIMED_OUT';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'NAME_NOT_FOUND';
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'ANSWER_UNREADABLE';
  // Node's own, OpenSSL's, and the names that OpenSSL gives to what it finds wrong with a certificate.
  if (/^ERR_(TLS|SSL)_|CERT|SIGNATURE|^UNABLE_TO_/.test(code) || code === 'EPROTO') return 'TLS_REFUSED';
  return 'UNREACHABLE';
}
