import { describe, expect, it } from '@jest/globals';
import { sortOutAfterEnrolment } from './enrolment-settling.js';

const us = 'parent-client';
const by = (createdBy: string | undefined, ...hints: string[]) => hints.map((hint) => ({ hint, createdBy }));
const ours = { hint: 'ours', createdBy: us };

describe('sortOutAfterEnrolment', () => {
  it('leaves what was there before the first mint, though the same client made it', () => {
    const intent = { knownHints: ['theirs', 'old'], mints: 2 };
    expect(sortOutAfterEnrolment(intent, ours, by(us, 'theirs', 'old', 'ours'))).toEqual({ dead: [], unrecognised: 0 });
  });

  it('deletes what a lost answer made', () => {
    const intent = { knownHints: ['theirs'], mints: 2 };
    expect(sortOutAfterEnrolment(intent, ours, by(us, 'theirs', 'lost', 'ours'))).toEqual({
      dead: ['lost'],
      unrecognised: 0,
    });
  });

  it('deletes nothing when more came than answers were lost: a script of the OEM made some of it', () => {
    const intent = { knownHints: ['theirs'], mints: 2 };
    expect(sortOutAfterEnrolment(intent, ours, by(us, 'theirs', 'lost', 'script', 'ours'))).toEqual({
      dead: [],
      unrecognised: 2,
    });
    expect(sortOutAfterEnrolment({ ...intent, mints: 1 }, ours, by(us, 'script', 'ours'))).toEqual({
      dead: [],
      unrecognised: 1,
    });
  });

  it('leaves and counts what somebody else made since, or nobody knows who', () => {
    const secrets = [...by(us, 'ours'), ...by('somebody', 'a'), ...by(undefined, 'b')];
    expect(sortOutAfterEnrolment({ knownHints: [], mints: 5 }, ours, secrets)).toEqual({ dead: [], unrecognised: 2 });
  });
});
