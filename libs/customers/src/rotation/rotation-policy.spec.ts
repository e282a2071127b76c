import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '@app/platform';
import fc from 'fast-check';
import { RotationDefaults, rotationSettings } from './rotation-policy.config.js';
import { policyOf, RotationUnreadable } from './rotation-policy.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const defaultsOf = (env: Record<string, string>): RotationDefaults =>
  new RotationDefaults(parseConfig(rotationSettings, env));
const defaults = defaultsOf({});

describe('policyOf', () => {
  it.each([null, undefined, {}])('is the defaults for %j', (stored) => {
    expect(policyOf(stored, defaults)).toEqual({
      intervalMs: 90 * DAY_MS,
      graceMs: DAY_MS,
      jitterMs: 9 * DAY_MS,
      blackout: [],
      timeZone: 'UTC',
      acknowledgement: 'read',
      deadlineMs: 7 * DAY_MS,
      force: false,
    });
  });

  it('takes what the customer says before any default', () => {
    const stored = {
      intervalSeconds: 86_400,
      graceSeconds: 600,
      jitterSeconds: 0,
      blackout: [{ from: '22:00', to: '06:00', days: ['sat', 'sun'] }],
      timeZone: 'Europe/Berlin',
      acknowledgement: 'call',
      deadlineSeconds: 3_600,
      force: true,
    };
    expect(policyOf(stored, defaults)).toEqual({
      intervalMs: DAY_MS,
      graceMs: 600_000,
      jitterMs: 0,
      blackout: stored.blackout,
      timeZone: 'Europe/Berlin',
      acknowledgement: 'call',
      deadlineMs: HOUR_MS,
      force: true,
    });
  });

  it.each<[string, object, Record<string, string>, object]>([
    ['jitter follows the interval', { intervalSeconds: 86_400 }, {}, { jitterMs: 0.1 * DAY_MS }],
    ['jitter is as configured', {}, { ROTATION_JITTER_SECONDS: '60' }, { jitterMs: 60_000 }],
    [
      'jitter longer than the interval gives way',
      { intervalSeconds: 3_600 },
      { ROTATION_JITTER_SECONDS: '86400' },
      { jitterMs: 0.1 * HOUR_MS },
    ],
    [
      'grace and deadline give way to a short interval',
      { intervalSeconds: 3_600 },
      {},
      { graceMs: HOUR_MS / 4, deadlineMs: HOUR_MS / 4 },
    ],
    [
      'deadline gives way, grace fits',
      { intervalSeconds: 7 * 86_400 },
      {},
      { graceMs: DAY_MS, deadlineMs: 1.75 * DAY_MS },
    ],
    ['deadline fits exactly', { intervalSeconds: 8 * 86_400 }, {}, { graceMs: DAY_MS, deadlineMs: 7 * DAY_MS }],
    [
      'configured values that fit hold, however short the interval',
      {},
      { ROTATION_INTERVAL_SECONDS: '2', ROTATION_GRACE_SECONDS: '1.5', ROTATION_DEADLINE_SECONDS: '0.5' },
      { intervalMs: 2_000, graceMs: 1_500, deadlineMs: 500, jitterMs: 200 },
    ],
    [
      'what the customer says holds, even where it contradicts itself',
      { intervalSeconds: 3_600, graceSeconds: 7_200, deadlineSeconds: 7_200 },
      {},
      { intervalMs: HOUR_MS, graceMs: 2 * HOUR_MS, deadlineMs: 2 * HOUR_MS },
    ],
    ['a grace of 0 is a grace', { graceSeconds: 0 }, {}, { graceMs: 0 }],
  ])('%s', (_, stored, env, policy) => expect(policyOf(stored, defaultsOf(env))).toMatchObject(policy));

  it('never leaves the old secret without a grace that the customer did not give up', () => {
    const seconds = fc.option(fc.integer({ min: 1, max: 10_000_000 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record({ intervalSeconds: seconds, deadlineSeconds: seconds, jitterSeconds: seconds }),
        fc.integer({ min: 1, max: 60_000_000 }),
        (given, intervalSeconds) => {
          const stored: unknown = JSON.parse(JSON.stringify(given));
          const policy = policyOf(stored, defaultsOf({ ROTATION_INTERVAL_SECONDS: String(intervalSeconds) }));
          expect(policy.graceMs).toBeGreaterThanOrEqual(Math.min(DAY_MS, policy.intervalMs / 4));
          expect(policy.graceMs).toBeLessThanOrEqual(policy.intervalMs);
          for (const ms of [policy.intervalMs, policy.graceMs, policy.jitterMs, policy.deadlineMs])
            expect(Number.isSafeInteger(ms)).toBe(true);
          if (given.deadlineSeconds === undefined)
            expect(policy.graceMs + policy.deadlineMs).toBeLessThanOrEqual(policy.intervalMs);
        },
      ),
    );
  });

  it.each<[string, unknown, string]>([
    ['a text', 'monthly', '"rotation": '],
    ['a list', [], '"rotation": '],
    ['a duration below 0', { graceSeconds: -1 }, '"rotation.graceSeconds": '],
    ['a duration of another type', { intervalSeconds: '3600' }, '"rotation.intervalSeconds": '],
    ['an interval of 0', { intervalSeconds: 0 }, '"rotation.intervalSeconds": '],
    ['a duration no date can hold', { jitterSeconds: 1e300 }, '"rotation.jitterSeconds": '],
    ['a zone that does not exist', { timeZone: 'Mars/Olympus' }, '"rotation.timeZone": must be a time zone'],
    [
      'a bad time of day',
      { blackout: [{ from: '9:00', to: '10:00', days: ['mon'] }] },
      '"rotation.blackout.0.from": must be a time of day',
    ],
    [
      'a day that does not exist',
      { blackout: [{ from: '09:00', to: '10:00', days: ['Mon'] }] },
      '"rotation.blackout.0.days.0": ',
    ],
    ['what this version does not know', { holidays: [] }, '"rotation": Unrecognized key: "holidays"'],
  ])('refuses %s and names it', (_, stored, words) => {
    expect(() => policyOf(stored, defaults)).toThrow(RotationUnreadable);
    expect(() => policyOf(stored, defaults)).toThrow(words);
  });

  it('names everything that is wrong, and says what to do', () => {
    expect(() => policyOf({ graceSeconds: -1, force: 'yes' }, defaults)).toThrow(
      /^The customer's rotation cannot be read: "rotation.graceSeconds": .+; "rotation.force": .+\. Correct it, or clear it so that the defaults hold\.$/,
    );
  });
});
