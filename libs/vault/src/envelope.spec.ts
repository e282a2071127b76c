import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { CompactEncrypt } from 'jose';
import { closeEnvelope, type EnvelopeContext, openEnvelope } from './envelope.js';

const key = createSecretKey(randomBytes(32));
const other = createSecretKey(randomBytes(32));
const context: EnvelopeContext = ['secret', 'customer', 'c1', 's1', 1, 'purpose'];
const plaintext = Buffer.from('correct horse');
let envelope: string;

beforeAll(async () => {
  envelope = await closeEnvelope(key, 'k1', 'salt', context, plaintext);
});

const open = (
  text: string,
  given: { key?: KeyObject; keyId?: string; salt?: string; context?: EnvelopeContext } = {},
) => openEnvelope(given.key ?? key, given.keyId ?? 'k1', given.salt ?? 'salt', given.context ?? context, text);
const check = async (opened: Promise<Buffer>): Promise<unknown> => {
  const outcome = await opened.catch((error: unknown) => error);
  expect(outcome).toMatchObject({ name: 'EnvelopeError' });
  expect(String(outcome)).not.toContain('horse');
  return (outcome as { check: string }).check;
};
const decode = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
const withHeader = (change: Record<string, unknown>) => {
  const [header = '', ...rest] = envelope.split('.');
  const changed = JSON.stringify({ ...decode(header), ...change });
  return [Buffer.from(changed).toString('base64url'), ...rest].join('.');
};

describe('openEnvelope', () => {
  it('gives back what was closed', async () => {
    expect((await open(envelope)).toString()).toBe('correct horse');
  });

  it('never gives the same envelope twice, and shows nothing of the content', async () => {
    const again = await closeEnvelope(key, 'k1', 'salt', context, plaintext);
    expect(again).not.toBe(envelope);
    expect(Buffer.from(again.split('.')[3] ?? '', 'base64url').includes('horse')).toBe(false);
  });

  it('leaves the plaintext to its owner', () => {
    expect(plaintext.toString()).toBe('correct horse');
  });

  it.each<[string, object, string]>([
    ['key', { key: other }, 'commitment'],
    ['key id', { keyId: 'k2' }, 'key-id'],
    ['salt', { salt: 'pepper' }, 'commitment'],
    ...context.map((member, index): [string, object, string] => [
      `context member ${index}`,
      { context: context.with(index, typeof member === 'number' ? member + 1 : `${member}x`) },
      'context',
    ]),
    ['context with a number as text', { context: context.with(4, '1') }, 'context'],
    ['context with two members run together', { context: ['secret', 'customerc1', 's1', 1, 'purpose'] }, 'context'],
  ])('refuses another %s', async (_what, given, expected) => {
    expect(await check(open(envelope, given))).toBe(expected);
  });

  it('refuses a change of any character of any part', async () => {
    const parts = envelope.split('.');
    expect(parts.map((part) => part.length > 0)).toEqual([true, false, true, true, true]);
    for (const [index, part] of parts.entries()) {
      for (let at = 0; at < part.length; at++) {
        const bytes = Buffer.from(part);
        // Two bits apart, so that it is another character even where the last one carries unused bits.
        bytes[at] = part.charCodeAt(at) === 0x41 ? 0x51 : 0x41;
        expect(['form', 'key-id', 'context', 'commitment', 'content']).toContain(
          await check(open(parts.with(index, bytes.toString()).join('.'))),
        );
      }
    }
  });

  it.each<[string, string, string]>([
    ['iv', 'content', '2'],
    ['ciphertext', 'content', '3'],
    ['tag', 'content', '4'],
  ])('finds a changed %s by authentication', async (_part, expected, index) => {
    const parts = envelope.split('.');
    const bytes = Buffer.from(parts[Number(index)] ?? '', 'base64url');
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    expect(await check(open(parts.with(Number(index), bytes.toString('base64url')).join('.')))).toBe(expected);
  });

  it('refuses every truncation', async () => {
    for (let length = 0; length < envelope.length; length++) {
      expect(await check(open(envelope.slice(0, length)))).toBeDefined();
    }
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['another algorithm', { alg: 'A256GCMKW' }, 'form'],
    ['another encryption', { enc: 'A128GCM' }, 'form'],
    ['no algorithm', { alg: undefined }, 'form'],
    ['an added member', { zip: 'DEF' }, 'form'],
    ['a key id that is not a text', { kid: 1 }, 'form'],
    ['another key id', { kid: 'k2' }, 'key-id'],
    ['another context', { ctx: 'A'.repeat(43) }, 'context'],
    ['a shorter context', { ctx: '' }, 'context'],
    ['another commitment', { com: 'A'.repeat(43) }, 'commitment'],
    ['a shorter commitment', { com: 'A' }, 'commitment'],
  ])('refuses a header with %s', async (_what, change, expected) => {
    expect(await check(open(withHeader(change)))).toBe(expected);
  });

  it('authenticates the header: the same members in another order do not open', async () => {
    const [header = '', ...rest] = envelope.split('.');
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(decode(header)).reverse()));
    expect(await check(open([Buffer.from(reversed).toString('base64url'), ...rest].join('.')))).toBe('content');
  });

  it.each(['', '.', '....', 'a.b.c.d.e', 'text', '{}'])('refuses %j', async (text) => {
    expect(await check(open(text))).toBe('form');
  });

  it('compares the commitment before it decrypts', async () => {
    const { kid, ctx } = decode(envelope.split('.')[0] ?? '') as Record<string, string>;
    const forged = await new CompactEncrypt(Buffer.from('forged'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: kid ?? '', ctx, com: 'A'.repeat(43) })
      .encrypt(randomBytes(32));
    expect(await check(open(forged))).toBe('commitment');
  });
});
