import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@app/platform';
import { type AuditEntry, checkEntry } from './audit-entry.js';

const entry: AuditEntry = {
  chain: '019abcde-0000-7000-8000-000000000001',
  action: 'run.failed',
  actor: 'worker',
  subject: { runId: 'r1' },
};
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`m${n}`, 'x']));

describe('checkEntry', () => {
  it('accepts an entry at its bounds', () => {
    expect(() =>
      checkEntry({
        ...entry,
        chain: 'system',
        actor: 'a'.repeat(200),
        subject: many(20),
        data: { ...many(29), d: 'é'.repeat(1000) },
      }),
    ).not.toThrow();
  });

  it.each<[string, object]>([
    ['chain', { chain: 'acme' }],
    ['chain', { chain: entry.chain.toUpperCase() }],
    ['action', { action: 'toString' }],
    ['actor', { actor: '' }],
    ['actor', { actor: 'a'.repeat(201) }],
    ['requestId', { requestId: 'r'.repeat(201) }],
    ['subject', { subject: many(21) }],
    ['subject.runId', { subject: { runId: '' } }],
    ['subject', { subject: { 'run id': 'r1' } }],
    ['data', { data: many(31) }],
    ['data', { data: JSON.parse('{"__proto__": 1}') as object }],
    ['data.text', { data: { text: 'x'.repeat(1001) } }],
    ['data.text', { data: { text: 'a\0b' } }],
    ['data.text', { data: { text: '\ud800' } }],
    ['data.number', { data: { number: Number.NaN } }],
    ['data.deep', { data: { deep: {} } }],
  ])('refuses a bad %s: %j', (field, change) => {
    const check = () => checkEntry({ ...entry, ...change });
    expect(check).toThrow(DomainError);
    expect(check).toThrow(`cannot be kept: ${field} `);
  });
});
