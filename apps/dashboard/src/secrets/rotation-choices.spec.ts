import { describe, expect, it } from '@jest/globals';
import type { RotationMode } from '@app/customers';
import type { CustomerState, RunState } from '@app/platform';
import { rotationChoices } from './rotation-choices.js';
import type { SecretFacts, SecretVersionRow, UnfinishedRotation } from './secret-facts.reader.js';

const AT = new Date('2026-11-22T12:00:00Z');

const version = (number: number, changes: Partial<SecretVersionRow>): SecretVersionRow => ({
  version: number,
  state: 'current',
  createdAt: AT,
  promotedAt: AT,
  firstReadAt: null,
  acknowledgedAt: null,
  retiredAt: null,
  revokedAt: null,
  ...changes,
});

const rotation = (
  step: string | null,
  { state = 'waiting', mode = 'graceful' }: { state?: RunState; mode?: RotationMode } = {},
): UnfinishedRotation => ({
  ...{ id: 'r', plan: 'rotation', state, step },
  input: mode === 'rollback' ? { mode, restores: '01a20109-bf8b-76df-98e2-059d5b0b24a5' } : { mode },
});

const facts = (changes: Partial<SecretFacts> = {}): SecretFacts => ({
  versions: [version(2, {}), version(1, { state: 'previous' })],
  wereEverRead: true,
  unfinished: [],
  ...changes,
});

/** The choices by their initials, in upper case what is possible: rotate, emergency, roll back, acknowledge. */
function tell(
  found: SecretFacts,
  customer: CustomerState = 'ready',
  acknowledgement: 'none' | 'read' = 'read',
): string {
  const choices = rotationChoices(customer, found, { acknowledgement });
  const { canRotate, canRotateInEmergency, canRollBack, canAcknowledge } = choices;
  return [canRotate, canRotateInEmergency, canRollBack, canAcknowledge]
    .map((can, index) => (can ? 'REBA' : 'reba').charAt(index))
    .join('');
}

describe('rotationChoices', () => {
  it.each<[string, Partial<SecretFacts>, string]>([
    ['nothing is under way', {}, 'REba'],
    ['a rotation has not begun', { unfinished: [rotation(null, { state: 'queued' })] }, 'rEba'],
    ['a rotation mints', { unfinished: [rotation('mint', { state: 'running' })] }, 'rEba'],
    ['a rotation stopped before its promotion', { unfinished: [rotation('mint', { state: 'failed' })] }, 'REba'],
    ['a rotation is in its grace', { unfinished: [rotation('grace')] }, 'rEBA'],
    ['its acknowledgement is overdue', { unfinished: [rotation('grace', { state: 'needs_attention' })] }, 'REBA'],
    ['a rollback is in its grace', { unfinished: [rotation('grace', { mode: 'rollback' })] }, 'rEBA'],
    ['an emergency passes its grace', { unfinished: [rotation('grace', { mode: 'emergency' })] }, 'rEBa'],
    ['a rotation retires the old secret', { unfinished: [rotation('retire', { state: 'running' })] }, 'rEba'],
    ['one waits for another in its grace', { unfinished: [rotation(null), rotation('grace')] }, 'rEBA'],
  ])('when %s', (_what, changes, choices) => expect(tell(facts(changes))).toBe(choices));

  const inGrace = { unfinished: [rotation('grace')] };

  it('offers no acknowledgement that nobody waits for', () => {
    expect(tell(facts(inGrace), 'ready', 'none')).toBe('rEBa');
    expect(tell(facts({ ...inGrace, wereEverRead: false }))).toBe('rEBa');
    const acknowledged = [version(2, { acknowledgedAt: AT }), version(1, { state: 'previous' })];
    expect(tell(facts({ ...inGrace, versions: acknowledged }))).toBe('rEBa');
  });

  it('offers no way back to a secret that is deleted at Qlik', () => {
    const deleted = [version(2, {}), version(1, { state: 'previous', retiredAt: AT })];
    expect(tell(facts({ ...inGrace, versions: deleted }))).toBe('rEbA');
  });

  it('offers an acknowledgement where the policy cannot be read', () =>
    expect(rotationChoices('ready', facts(inGrace), null).canAcknowledge).toBe(true));

  it.each<CustomerState>(['onboarding', 'failed', 'offboarding', 'offboarded'])(
    'offers nothing to one that is %s',
    (state) => expect(tell(facts(inGrace), state)).toBe('reba'),
  );

  it('offers the same to one that is degraded', () => expect(tell(facts(inGrace), 'degraded')).toBe('rEBA'));
});
