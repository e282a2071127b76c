import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Answer } from './operation.js';
import { errorEnvelope, type QlikError } from './qlik-error.js';

/** The answer that tells of a refusal. */
export function refusal(error: QlikError): Answer {
  return { status: error.status, body: error.envelope(), headers: error.headers };
}

/** An answer with this status and an envelope that says no more than the status does. */
export function plainAnswer(status: number, headers: Record<string, string>): Answer {
  return { status, headers, body: errorEnvelope(status, `HTTP-${status}`, STATUS_CODES[status] ?? 'Unknown') };
}

/** Sends the answer as it is. */
export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.status(answer.status).headers(answer.headers ?? {});
  return answer.body === undefined ? reply.send() : reply.type('application/json').send(JSON.stringify(answer.body));
}

/** Sends nothing, now and later: the connection stays open until the other side or the sandbox ends it. */
export function sendNothing(reply: FastifyReply): void {
  reply.hijack();
}

/** Resets the connection without a byte of an answer. */
export function resetConnection(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.socket?.resetAndDestroy();
}

/** Announces the whole body, sends half of it and closes the connection; an answer without a body is not sent at all. */
export function sendHalf(reply: FastifyReply, answer: Answer): void {
  if (answer.body === undefined) return resetConnection(reply);
  const body = startBody(reply, answer);
  reply.raw.write(body.subarray(0, Math.floor(body.length / 2)), () => reply.raw.destroy());
}

/** Sends the whole answer one byte at a time, `delayMs` milliseconds apart, as long as somebody listens. */
export async function sendByDrops(reply: FastifyReply, answer: Answer, delayMs: number): Promise<void> {
  const body = startBody(reply, answer);
  for (let at = 0; at < body.length && !reply.raw.destroyed; at += 1) {
    reply.raw.write(body.subarray(at, at + 1));
    await sleep(delayMs, undefined, { ref: false });
  }
  reply.raw.end();
}

function startBody(reply: FastifyReply, answer: Answer): Buffer {
  const body = Buffer.from(answer.body === undefined ? '' : JSON.stringify(answer.body));
  reply.hijack();
  reply.raw.writeHead(answer.status, {
    ...answer.headers,
    ...(answer.body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
  });
  reply.raw.flushHeaders();
  return body;
}
