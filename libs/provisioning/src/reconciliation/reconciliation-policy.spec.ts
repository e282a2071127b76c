import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '@app/platform';
import { reconciliationSettings } from './reconciliation-policy.js';

describe('reconciliationSettings', () => {
  it('compares once a day and repairs, unless it is told otherwise', () => {
    expect(parseConfig(reconciliationSettings, {})).toEqual({
      RECONCILIATION_INTERVAL_SECONDS: 86_400_000,
      RECONCILIATION_POLICY: 'repair',
    });
    const env = { RECONCILIATION_INTERVAL_SECONDS: '604800.5', RECONCILIATION_POLICY: 'raise' };
    expect(parseConfig(reconciliationSettings, env)).toEqual({
      RECONCILIATION_INTERVAL_SECONDS: 604_800_500,
      RECONCILIATION_POLICY: 'raise',
    });
  });

  it('can be switched off', () => {
    const { RECONCILIATION_INTERVAL_SECONDS } = parseConfig(reconciliationSettings, {
      RECONCILIATION_INTERVAL_SECONDS: '0',
    });
    expect(RECONCILIATION_INTERVAL_SECONDS).toBe(0);
  });

  it.each([
    ['RECONCILIATION_INTERVAL_SECONDS', '-1', 'must be a number of seconds'],
    ['RECONCILIATION_INTERVAL_SECONDS', '1d', 'must be a number of seconds'],
    ['RECONCILIATION_INTERVAL_SECONDS', '99999999', 'must be at most 31622400 seconds'],
    ['RECONCILIATION_POLICY', 'ignore', 'must be repair or raise'],
  ])('refuses %s=%s', (key, value, message) => {
    expect(() => parseConfig(reconciliationSettings, { [key]: value })).toThrow(`${key}: ${message}`);
  });
});
