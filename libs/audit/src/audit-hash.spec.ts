import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { GENESIS_HASH, type HashedEvent, hashEvent } from './audit-hash.js';

const event: HashedEvent = {
  previousHash: GENESIS_HASH,
  chain: 'system',
  sequence: 1,
  id: '019abcde-0000-7000-8000-000000000001',
  occurredAt: new Date('2026-11-22T10:20:30.045Z'),
  action: 'api_key.created',
  actor: 'operator:zoë',
  subject: { keyId: 'k1', customerId: 'c1' },
  data: { scopes: 2, Note: 'a "quoted"\n word', none: null, on: true, half: 0.5 },
  requestId: null,
};

describe('hashEvent', () => {
  it('is SHA-256 of the documented text', () => {
    const text =
      '{"action":"api_key.created","actor":"operator:zoë","chain":"system",' +
      '"data":{"Note":"a \\"quoted\\"\\n word","half":0.5,"none":null,"on":true,"scopes":2},' +
      '"id":"019abcde-0000-7000-8000-000000000001","occurredAt":"2026-11-22T10:20:30.045Z",' +
      `"previousHash":"${'0'.repeat(64)}","requestId":null,"sequence":1,"subject":{"customerId":"c1","keyId":"k1"}}`;
    expect(hashEvent(event)).toBe(createHash('sha256').update(text).digest('hex'));
    expect(hashEvent(event)).toBe('863a284541b73fe2b3524e3f6278858e5517b3bf46b001fc44847f47b8fd611e');
  });

  it('does not depend on the order of members', () => {
    const data = Object.fromEntries(Object.entries(event.data).reverse());
    expect(hashEvent({ ...event, subject: { customerId: 'c1', keyId: 'k1' }, data })).toBe(hashEvent(event));
  });

  it.each<Partial<HashedEvent>>([
    { previousHash: '1'.repeat(64) },
    { chain: 'systen' },
    { sequence: 2 },
    { id: '019abcde-0000-7000-8000-000000000002' },
    { occurredAt: new Date('2026-11-22T10:20:30.046Z') },
    { action: 'api_key.revoked' },
    { actor: 'operator:zoe' },
    { subject: { keyId: 'c1', customerId: 'k1' } },
    { data: { ...event.data, scopes: '2' } },
    { requestId: '' },
  ])('changes with %j', (change) => {
    expect(hashEvent({ ...event, ...change })).not.toBe(hashEvent(event));
  });
});
