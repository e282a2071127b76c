import { describe, expect, it } from '@jest/globals';
import { parseConfig, type Sql } from '@app/platform';
import { RotationCalendar } from './rotation-calendar.js';
import { RotationDefaults, rotationSettings } from './rotation-policy.config.js';

const now = new Date('2026-11-22T12:00:00Z');
const defaults = new RotationDefaults(parseConfig(rotationSettings, { ROTATION_INTERVAL_SECONDS: '1000' }));

/** A row of the customer with this stored `rotation`. */
const reads = (rotation: unknown) => ({ $queryRaw: () => Promise.resolve([{ rotation }]) });

/** What is written for a customer whose stored `rotation` is this, where `random` falls on a half. */
async function scheduled(rotation: unknown): Promise<unknown[]> {
  const written: unknown[] = [];
  const $executeRaw = (_text: unknown, ...values: unknown[]) => {
    written.push(...values);
    return Promise.resolve(1);
  };
  const calendar = new RotationCalendar(defaults, () => 0.5);
  await calendar.schedule({ $executeRaw, ...reads(rotation) } as unknown as Sql, 'customer-1', now);
  return written;
}

describe('RotationCalendar', () => {
  it.each<[string, unknown, string]>([
    ['the interval and a part of the jitter later', null, '2026-11-22T12:17:30.000Z'],
    ['by what the customer says', { intervalSeconds: 3_600, jitterSeconds: 60 }, '2026-11-22T13:00:30.000Z'],
    [
      'outside the blackout',
      { intervalSeconds: 60, jitterSeconds: 0, blackout: [{ from: '12:00', to: '15:00', days: ['sun'] }] },
      '2026-11-22T15:00:00.000Z',
    ],
    ['by the defaults where the policy cannot be read', { intervalSeconds: 'often' }, '2026-11-22T12:17:30.000Z'],
    ['by the defaults where a restriction is not known', { quarterly: true }, '2026-11-22T12:17:30.000Z'],
  ])('sets the next date %s', async (_which, rotation, at) => {
    expect(await scheduled(rotation)).toEqual([at, 'customer-1']);
  });

  it('does not hide a fault of another kind behind the defaults', async () => {
    const broken = new RotationCalendar(undefined as never, () => 0);
    await expect(broken.schedule(reads(null) as unknown as Sql, 'customer-1', now)).rejects.toThrow(TypeError);
  });
});
