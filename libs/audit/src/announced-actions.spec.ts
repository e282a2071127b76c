import { describe, expect, it } from '@jest/globals';
import { announcedActions, announcedFacts, announcementOf } from './announced-actions.js';
import { type AuditAction, auditActions } from './audit-actions.js';
import type { AuditEntry } from './audit-entry.js';

const entry = (action: AuditAction, data: AuditEntry['data'] = {}): AuditEntry => ({
  chain: 'system',
  action,
  actor: 'worker',
  subject: {},
  data,
});
const announced = (...all: [AuditEntry, ...AuditEntry[]]) => all.map((one) => announcementOf(one, all));

describe('announcementOf', () => {
  it.each(Object.entries(announcedActions))('announces %s', (action, { as }) => {
    expect(announced(entry(action as AuditAction))).toEqual([as]);
  });

  it('announces nothing else', () => {
    const quiet = (Object.keys(auditActions) as AuditAction[]).filter((action) => !(action in announcedActions));
    expect(quiet).toContain('secret.stored');
    expect(quiet.flatMap((action) => announced(entry(action))).filter(Boolean)).toEqual([]);
  });

  it('tells of a first secret as of a customer that is ready, and of a restored one as of a rollback', () => {
    expect(announced(entry('secret.promoted'), entry('customer.ready'))).toEqual([undefined, 'customer.ready']);
    expect(announced(entry('secret.promoted'), entry('secret.rolled_back'))).toEqual([undefined, 'secret.rolled_back']);
    expect(announced(entry('secret.promoted'), entry('run.succeeded'))).toEqual(['secret.rotated', undefined]);
  });

  it('keeps to itself that a secret went which nobody had', () => {
    expect(announced(entry('secret.revoked', { because: 'never stored', count: 1 }))).toEqual([undefined]);
    expect(announced(entry('secret.revoked', { version: 1 }))).toEqual(['secret.revoked']);
  });
});

describe('announcedFacts', () => {
  it('tells what is meant to be told, and no more', () => {
    const data = { plan: 'rotation', step: 'grace', code: null, reason: 'Acme asked for it' };
    expect(announcedFacts('run.needs_attention', data)).toEqual({ plan: 'rotation', step: 'grace' });
    expect(announcedFacts('pause.set', { reason: 'r' })).toEqual({});
  });
});
