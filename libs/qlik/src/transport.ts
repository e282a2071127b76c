import { guardedConnector, type GuardedConnectorOptions, Secret } from '@app/platform';
import { Agent, type Dispatcher, request } from 'undici';
import type { z } from 'zod';
import type { CallAdmission } from './admission/call-admission.js';
import type { CallContext, CallRecord } from './call.js';
import { endpointConnector } from './endpoint-connector.js';
import { readErrorDetails } from './error-details.js';
import { readNetworkError } from './network-error.js';
import { QlikError } from './qlik-error.js';
import { isCreation, outcomeOf, refusal, type RefusedCall } from './refusal.js';
import { parseTenantHost, type TenantHostPolicy } from './tenant-host.js';

const MAX_RESPONSE_BYTES = 1024 * 1024;

/** How to reach Qlik. */
export interface QlikTransportOptions {
  /** The whole of one call, from look-up to the last byte, in milliseconds. */
  timeoutMs: number;
  tenantHosts: TenantHostPolicy;
  /** Which calls may go, and when; without it all do, at once. */
  admission?: CallAdmission | undefined;
  /** Development only: connect here instead, with the tenant's `Host` header and without the address check. */
  endpoint?: string | undefined;
  /** For tests: how names are looked up and what is trusted. */
  connector?: Omit<GuardedConnectorOptions, 'connectTimeoutMs'>;
}

/** One call to Qlik; a `Secret` anywhere in `json` is sent as its value. */
export interface QlikRequest<Schema extends z.ZodType> extends RefusedCall {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  headers?: Record<string, string>;
  bearer?: Secret;
  json?: unknown;
  /** What a success's body must be. */
  answer: Schema;
}

type Seen = Pick<CallRecord, 'status' | 'code' | 'traceId'>;

/** Sends calls to Qlik: once each, within a time limit, to allowed hosts at public addresses, following nothing. Throws QlikError. */
export class QlikTransport {
  readonly #agent: Agent;

  constructor(private readonly options: QlikTransportOptions) {
    const { timeoutMs, endpoint, connector } = options;
    this.#agent = new Agent({
      connect:
        endpoint === undefined
          ? guardedConnector({ connectTimeoutMs: timeoutMs, ...connector })
          : endpointConnector(timeoutMs),
      maxResponseSize: MAX_RESPONSE_BYTES,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Makes the call and gives its parsed answer. */
  async call<Schema extends z.ZodType>(
    call: QlikRequest<Schema>,
    context: CallContext = {},
  ): Promise<z.output<Schema>> {
    const { operation, host } = call;
    const allowed = parseTenantHost(host, this.options.tenantHosts);
    if (!allowed.ok) throw new QlikError('HOST_NOT_ALLOWED', { operation, host });
    if (context.signal?.aborted === true) throw new QlikError('CALL_ABORTED', { operation, host });

    const send = () => this.#send(call, context);
    const { admission } = this.options;
    return admission === undefined ? send() : admission.admit(call, context.signal, send);
  }

  /** Closes the connections once the calls in flight have ended; Nest calls it. */
  async onApplicationShutdown(): Promise<void> {
    await this.#agent.close();
  }

  async #send<Schema extends z.ZodType>(call: QlikRequest<Schema>, context: CallContext): Promise<z.output<Schema>> {
    const { operation } = call;
    await context.beforeSend?.();
    const startedAt = new Date();
    const start = performance.now();
    const seen: Seen = {};
    let outcome: CallRecord['outcome'] = 'ok';
    try {
      return await this.#exchange(call, context.signal, seen);
    } catch (error) {
      outcome = error instanceof QlikError ? outcomeOf(error.failure) : 'unavailable';
      throw error;
    } finally {
      const durationMs = Math.round(performance.now() - start);
      context.onCall?.({ operation, startedAt: startedAt.toISOString(), durationMs, ...seen, outcome });
    }
  }

  async #exchange<Schema extends z.ZodType>(
    call: QlikRequest<Schema>,
    callerSignal: AbortSignal | undefined,
    seen: Seen,
  ): Promise<z.output<Schema>> {
    const secrets = call.bearer === undefined ? [] : [call.bearer];
    const body = call.json === undefined ? null : serialize(call.json, secrets);
    const reply = await this.#request(call, body, callerSignal, seen);
    const json = parseJson(reply.text);
    if (!isSuccess(reply.status)) {
      const qlik = readErrorDetails(reply.status, json, secrets);
      if (qlik.code !== undefined) seen.code = qlik.code;
      if (qlik.traceId !== undefined) seen.traceId = qlik.traceId;
      throw refusal(call, qlik, reply.retryAfter);
    }
    const answer = call.answer.safeParse(json);
    if (answer.success) return answer.data;
    throw new QlikError('QLIK_UNREADABLE', {
      operation: call.operation,
      host: call.host,
      qlik: { status: reply.status },
      unreadablePart: answer.error.issues[0]?.path.join('.') ?? '',
      outcomeUnknown: isCreation(call.operation),
    });
  }

  async #request(
    call: QlikRequest<z.ZodType>,
    body: string | null,
    callerSignal: AbortSignal | undefined,
    seen: Seen,
  ): Promise<Reply> {
    const { operation, host, bearer } = call;
    const timeout = AbortSignal.timeout(this.options.timeoutMs);
    const signal = callerSignal === undefined ? timeout : AbortSignal.any([timeout, callerSignal]);
    let sent = false;
    let reply: Dispatcher.ResponseData | undefined;
    try {
      reply = await request(`${this.options.endpoint ?? `https://${host}`}${call.path}`, {
        dispatcher: this.#agent.compose(noticeSending(() => (sent = true))),
        method: call.method,
        headers: {
          host,
          accept: 'application/json',
          'user-agent': 'tenant-provisioner',
          ...(body === null ? {} : { 'content-type': 'application/json' }),
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer.reveal()}` }),
          ...call.headers,
        },
        body,
        signal,
      });
      seen.status = reply.statusCode;
      return replyOf(reply, await reply.body.text());
    } catch (error) {
      // A refusal stands, whatever became of its explanation.
      if (reply !== undefined && !isSuccess(reply.statusCode)) return replyOf(reply, '');
      const { code, networkCode, failure } = readNetworkError(error, {
        timedOut: signal.reason === timeout.reason,
        aborted: signal.aborted,
      });
      if (networkCode !== undefined) seen.code = networkCode;
      throw new QlikError(code, {
        operation,
        host,
        outcomeUnknown: sent && isCreation(operation),
        ...(failure === undefined ? {} : { failure }),
        ...(networkCode === undefined ? {} : { networkCode }),
        ...(seen.status === undefined ? {} : { qlik: { status: seen.status } }),
      });
    }
  }
}

interface Reply {
  status: number;
  retryAfter?: string | undefined;
  text: string;
}

function replyOf({ statusCode, headers }: Dispatcher.ResponseData, text: string): Reply {
  return { status: statusCode, retryAfter: single(headers['retry-after']), text };
}

/** Calls `onSent` before the first byte is written, which is after the connection stands. */
function noticeSending(onSent: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const start = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      onSent();
      start?.(controller, context);
    };
    return dispatch(options, handler);
  };
}

/** The JSON text to send, with secrets as their values; adds them to `secrets`. */
function serialize(json: unknown, secrets: Secret[]): string {
  return JSON.stringify(json, function (this: Record<string, unknown>, key, value: unknown) {
    const original = this[key];
    if (!(original instanceof Secret)) return value;
    secrets.push(original);
    return original.reveal();
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is not JSON is no answer of Qlik's: the schema, or the status, says the rest.
    return undefined;
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
