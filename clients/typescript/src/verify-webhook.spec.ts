import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { verifyWebhook, WebhookVerificationError } from './verify-webhook.js';

const secretOf = (text: string): string => `whsec_${Buffer.from(text).toString('base64')}`;
const OLD = secretOf('the secret that is on its way out');
const NEW = secretOf('the secret that takes its place now');
const OTHER = secretOf('the secret of somebody else at all');

const payload = JSON.stringify({
  type: 'customer.ready',
  timestamp: '2026-11-22T12:00:00.000Z',
  data: { customerId: 'c', runId: 'r' },
});

/** Headers as they come with `payload` when these secrets sign it. */
function signed(secrets: string[], at = new Date()): Record<string, string> {
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign('msg_1', at, payload)).join(' '),
  };
}

const EVENT = { id: 'msg_1', ...(JSON.parse(payload) as object) };

describe('verifyWebhook', () => {
  it.each([
    ['text', payload],
    ['bytes', new TextEncoder().encode(payload)],
    ['a Buffer', Buffer.from(payload)],
  ])('gives the event of a body that is %s', (_what, body) => {
    expect(verifyWebhook(body, signed([NEW]), NEW)).toEqual(EVENT);
  });

  it('reads the headers of fetch and of Node', () => {
    expect(verifyWebhook(payload, new Headers(signed([NEW])), NEW)).toEqual(EVENT);
    const loud = Object.fromEntries(Object.entries(signed([NEW])).map(([name, value]) => [name.toUpperCase(), value]));
    expect(verifyWebhook(payload, { ...loud, host: undefined, cookie: ['a', 'b'] }, NEW)).toEqual(EVENT);
  });

  it.each([
    ['the API signs with both and the receiver knows the old one', [NEW, OLD], OLD],
    ['the API signs with both and the receiver knows the new one', [NEW, OLD], NEW],
    ['the API signs with the old one and the receiver knows both', [OLD], [NEW, OLD]],
    ['the API signs with the new one and the receiver knows both', [NEW], [OLD, NEW]],
  ])('lets a secret be replaced while %s', (_what, signers, known) => {
    expect(verifyWebhook(payload, signed(signers), known)).toEqual(EVENT);
  });

  const MINUTE_MS = 60_000;
  it.each<[string, string, Record<string, string>, string | string[]]>([
    ['another secret', payload, signed([OTHER]), [OLD, NEW]],
    ['another body', payload.replace('ready', 'failed'), signed([NEW]), NEW],
    ['another id', payload, { ...signed([NEW]), 'webhook-id': 'msg_2' }, NEW],
    ['no signature', payload, {}, NEW],
    ['an old one', payload, signed([NEW], new Date(Date.now() - 6 * MINUTE_MS)), NEW],
    ['one of the future', payload, signed([NEW], new Date(Date.now() + 6 * MINUTE_MS)), NEW],
  ])('refuses %s', (_what, body, headers, known) => {
    expect(() => verifyWebhook(body, headers, known)).toThrow(WebhookVerificationError);
  });

  it.each<[string, unknown, unknown, RegExp]>([
    ['a parsed body', JSON.parse(payload), NEW, /the body as it came/],
    ['no secret', payload, undefined, /secret/],
    ['an empty secret', payload, '', /empty/],
    ['no secrets', payload, [], /at least one secret/],
  ])('says what is wrong with %s', (_what, body, known, message) => {
    expect(() => verifyWebhook(body as string, signed([NEW]), known as string)).toThrow(message);
  });
});
