import { describe, expect, it } from '@jest/globals';
import type { ShownPolicy } from '../server.js';
import { tellBlackout, tellPolicy } from './rotation-words.js';

const DAY_MS = 86_400_000;

const policy: ShownPolicy = {
  intervalMs: 90 * DAY_MS,
  graceMs: DAY_MS,
  jitterMs: 9 * DAY_MS,
  blackout: [],
  timeZone: 'UTC',
  acknowledgement: 'read',
  deadlineMs: 7 * DAY_MS,
  force: false,
};

describe('tellPolicy', () => {
  it.each<[Partial<ShownPolicy>, string]>([
    [
      {},
      'Every 90 days, or up to 9 days later. The old secret stays valid for 1 day, then waits for a read of the new one, at most 7 days; without it, a person decides.',
    ],
    [
      { acknowledgement: 'call', force: true, graceMs: DAY_MS / 4 },
      'Every 90 days, or up to 9 days later. The old secret stays valid for 6 hours, then waits for the customer to say that it uses the new one, at most 7 days; after that it goes all the same.',
    ],
    [{ acknowledgement: 'none', intervalMs: DAY_MS, jitterMs: 0 }, 'Every day. The old secret stays valid for 1 day.'],
    [{ acknowledgement: 'none', graceMs: 0 }, 'Every 90 days, or up to 9 days later. The old secret goes at once.'],
    [{ graceMs: 0, deadlineMs: 0, force: true }, 'Every 90 days, or up to 9 days later. The old secret goes at once.'],
    [
      { deadlineMs: 0 },
      'Every 90 days, or up to 9 days later. The old secret stays valid for 1 day, then waits for a read of the new one; without it, a person decides.',
    ],
    [
      { graceMs: 0 },
      'Every 90 days, or up to 9 days later. The old secret waits for a read of the new one, at most 7 days; without it, a person decides.',
    ],
  ])('with %j', (changes, words) => expect(tellPolicy({ ...policy, ...changes })).toBe(words));
});

describe('tellBlackout', () => {
  it('names each window, its days and the clock it goes by', () => {
    expect(tellBlackout(policy)).toBeUndefined();
    const blackout: ShownPolicy['blackout'] = [
      { from: '08:00', to: '18:00', days: ['mon', 'fri'] },
      { from: '00:00', to: '00:00', days: ['sun'] },
    ];
    expect(tellBlackout({ ...policy, blackout, timeZone: 'Europe/Berlin' })).toBe(
      'Mon, Fri 08:00 to 18:00; Sun 00:00 to 00:00 (Europe/Berlin)',
    );
  });
});
