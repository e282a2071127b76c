import { describe, expect, it } from '@jest/globals';
import type { RotationPolicy } from '@app/customers';
import fc from 'fast-check';
import { type CutOver, type CutOverDecision, decideCutOver } from './cut-over-decision.js';

type Policy = Pick<RotationPolicy, 'graceMs' | 'acknowledgement' | 'deadlineMs' | 'force'>;

const PROMOTED_MS = Date.UTC(2026, 10, 22);
const GRACE_MS = 100;
const DEADLINE_MS = 1_000;

/** So long after the promotion. */
const at = (ms: number): Date => new Date(PROMOTED_MS + ms);
const policy = (changes: Partial<Policy> = {}): Policy => ({
  graceMs: GRACE_MS,
  acknowledgement: 'read',
  deadlineMs: DEADLINE_MS,
  force: false,
  ...changes,
});
const cutOver = (changes: Partial<CutOver> = {}): CutOver => ({
  promotedAt: at(0),
  firstReadAt: null,
  acknowledgedAt: null,
  wereEverRead: true,
  ...changes,
});

const wait = (ms: number): CutOverDecision => ({ kind: 'wait', until: at(ms) });
const done: CutOverDecision = { kind: 'done', isForced: false };
const forced: CutOverDecision = { kind: 'done', isForced: true };
const overdue: CutOverDecision = { kind: 'overdue', since: at(1_100) };

describe('decideCutOver', () => {
  it.each<[string, Partial<Policy>, Partial<CutOver>, number, CutOverDecision]>([
    ['waits for the grace where nothing is asked for', { acknowledgement: 'none' }, {}, 99, wait(100)],
    ['asks for nothing else then', { acknowledgement: 'none' }, {}, 100, done],
    ['waits for the grace of a customer that never read', {}, { wereEverRead: false }, 99, wait(100)],
    ['asks nothing of a customer that never read', {}, { wereEverRead: false }, 100, done],
    ['not even a call', { acknowledgement: 'call' }, { wereEverRead: false }, 100, done],
    ['waits for a read until the deadline', {}, {}, 100, wait(1_100)],
    ['is overdue without a read', {}, {}, 1_100, overdue],
    ['does without a read at the deadline if that is wanted', { force: true }, {}, 1_100, forced],
    ['but not before', { force: true }, {}, 1_099, wait(1_100)],
    ['gives the reader a second grace', {}, { firstReadAt: at(60) }, 100, wait(160)],
    ['which ends', {}, { firstReadAt: at(60) }, 160, done],
    ['and which the deadline does not cut', { force: true }, { firstReadAt: at(1_090) }, 1_100, wait(1_190)],
    ['lets a late read mend what was overdue', {}, { firstReadAt: at(5_000) }, 5_000, wait(5_100)],
    ['waits for the grace after a call', {}, { acknowledgedAt: at(10) }, 99, wait(100)],
    ['takes a call for the change itself', {}, { acknowledgedAt: at(10), firstReadAt: at(90) }, 100, done],
    ['goes on at once after a late call', {}, { acknowledgedAt: at(5_000), firstReadAt: at(4_999) }, 5_000, done],
    ['takes no read for a call', { acknowledgement: 'call' }, { firstReadAt: at(60) }, 1_100, overdue],
    ['takes a call', { acknowledgement: 'call' }, { acknowledgedAt: at(60) }, 100, done],
    ['has no grace if there is none', { graceMs: 0, acknowledgement: 'none' }, {}, 0, done],
    ['lets a read count at once without a grace', { graceMs: 0 }, { firstReadAt: at(7) }, 7, done],
  ])('%s', (_what, policyChanges, cutOverChanges, ms, decision) => {
    expect(decideCutOver(policy(policyChanges), cutOver(cutOverChanges), at(ms))).toEqual(decision);
  });

  const ms = fc.integer({ min: 0, max: 3_000 });
  const span = fc.oneof(ms, fc.integer({ min: 6_000, max: 9_000 }));
  const instant = ms.map(at);
  const policies = fc.record<Policy>({
    graceMs: ms,
    acknowledgement: fc.constantFrom('none', 'read', 'call'),
    deadlineMs: ms,
    force: fc.boolean(),
  });
  const cutOvers = fc
    .record({
      firstReadAt: fc.option(instant),
      acknowledgedAt: fc.option(instant),
      wereEverRead: fc.boolean(),
    })
    .map((known): CutOver => ({ ...cutOver(known), wereEverRead: known.wereEverRead || known.firstReadAt !== null }));

  it('never ends the grace early, whoever read or called', () => {
    fc.assert(
      fc.property(policies, cutOvers, span, (given, known, now) => {
        const decision = decideCutOver(given, known, at(now));
        if (now < given.graceMs) expect(decision.kind).toBe('wait');
      }),
    );
  });

  it('never takes back that the old secret may go', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(policies, cutOvers, span, ms, (given, known, now, more) => {
        const decision = decideCutOver(given, known, at(now));
        seen.add(decision.kind);
        if (decision.kind === 'done') expect(decideCutOver(given, known, at(now + more))).toEqual(decision);
      }),
      { numRuns: 2_000 },
    );
    expect(seen).toEqual(new Set(['wait', 'done', 'overdue']));
  });

  it('waits for an instant to come, at which it does not wait', () => {
    fc.assert(
      fc.property(policies, cutOvers, span, (given, known, now) => {
        const decision = decideCutOver(given, known, at(now));
        if (decision.kind !== 'wait') return;
        expect(decision.until.getTime()).toBeGreaterThan(at(now).getTime());
        expect(decideCutOver(given, known, decision.until).kind).not.toBe('wait');
      }),
    );
  });

  it('lets no secret go that a reader may use and nobody has shown to have changed, unless that is forced', () => {
    fc.assert(
      fc.property(policies, cutOvers, span, (given, known, now) => {
        const decision = decideCutOver(given, known, at(now));
        if (decision.kind !== 'done' || !known.wereEverRead || given.acknowledgement === 'none') return;
        const { firstReadAt, acknowledgedAt } = known;
        const hasHadGrace =
          given.acknowledgement === 'read' &&
          firstReadAt !== null &&
          firstReadAt.getTime() + given.graceMs <= at(now).getTime();
        expect(acknowledgedAt !== null || hasHadGrace || (decision.isForced && given.force)).toBe(true);
      }),
    );
  });
});
