import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '@app/platform';
import { RotationDefaults, rotationSettings } from './rotation-policy.config.js';

const defaultsOf = (env: Record<string, string>): RotationDefaults =>
  new RotationDefaults(parseConfig(rotationSettings, env));

describe('rotationSettings', () => {
  it('rotate every 90 days, with a grace of a day and a deadline a week after it, once the new secret was read', () => {
    expect({ ...defaultsOf({}) }).toEqual({
      intervalMs: 7_776_000_000,
      graceMs: 86_400_000,
      jitterMs: undefined,
      deadlineMs: 604_800_000,
      acknowledgement: 'read',
    });
  });

  it('take durations of more than a day, fractions of seconds, and nothing at all where that makes sense', () => {
    const env = {
      ROTATION_INTERVAL_SECONDS: '2.5',
      ROTATION_GRACE_SECONDS: '0',
      ROTATION_JITTER_SECONDS: '0',
      ROTATION_DEADLINE_SECONDS: '604800.25',
      ROTATION_ACKNOWLEDGEMENT: 'none',
    };
    expect({ ...defaultsOf(env) }).toEqual({
      intervalMs: 2_500,
      graceMs: 0,
      jitterMs: 0,
      deadlineMs: 604_800_250,
      acknowledgement: 'none',
    });
  });

  it.each([
    ['ROTATION_INTERVAL_SECONDS', '0', 'more than 0'],
    ['ROTATION_INTERVAL_SECONDS', '0.0001', 'more than 0'],
    ['ROTATION_INTERVAL_SECONDS', '63244801', 'at most 63244800 seconds'],
    ['ROTATION_GRACE_SECONDS', '-1', 'a number of seconds'],
    ['ROTATION_DEADLINE_SECONDS', '7d', 'a number of seconds'],
    ['ROTATION_ACKNOWLEDGEMENT', 'maybe', 'must be none, read or call'],
  ])('refuse %s=%s', (key, value, words) => {
    expect(() => defaultsOf({ [key]: value })).toThrow(words);
    expect(() => defaultsOf({ [key]: value })).toThrow(key);
  });
});
