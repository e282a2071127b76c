import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { barredMs, barsWholeWeek, type BlackoutWindow, stretchesOf, WEEK_DAYS } from './blackout.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const allDays = [...WEEK_DAYS];
const hoursLeft = (window: BlackoutWindow, day: number, hour: number): number =>
  barredMs(stretchesOf([window]), day * DAY_MS + hour * HOUR_MS) / HOUR_MS;

describe('a blackout window', () => {
  const night: BlackoutWindow = { from: '22:00', to: '06:00', days: ['sun'] };
  const office: BlackoutWindow = { from: '08:30', to: '17:00', days: ['mon', 'tue'] };
  const wholeDay: BlackoutWindow = { from: '00:00', to: '00:00', days: ['wed'] };
  const from9To9: BlackoutWindow = { from: '09:00', to: '09:00', days: ['wed'] };

  it.each<[string, BlackoutWindow, number, number, number]>([
    ['holds the minute in which it begins', office, 0, 8.5, 8.5],
    ['does not hold the minute before', office, 0, 8.5 - 1 / 60, 0],
    ['does not hold the minute at which it ends', office, 1, 17, 0],
    ['does not hold on other days', office, 2, 12, 0],
    ['that crosses midnight begins on its own day', night, 6, 22, 8],
    ['that crosses midnight lasts into the next day, and into the next week', night, 0, 5, 1],
    ['that crosses midnight does not hold the morning of its own day', night, 6, 5, 0],
    ['from 00:00 to 00:00 holds its whole day', wholeDay, 2, 0, 24],
    ['from 00:00 to 00:00 leaves the next day alone', wholeDay, 3, 0, 0],
    ['with two equal times holds 24 hours', from9To9, 3, 8, 1],
    ['with two equal times does not hold what comes before', from9To9, 2, 8, 0],
  ])('%s', (_, window, day, hour, left) => expect(hoursLeft(window, day, hour)).toBeCloseTo(left, 9));

  it('among several gives way to the one that lasts longest', () => {
    const both = stretchesOf([office, { from: '09:00', to: '20:00', days: ['mon'] }]);
    expect(barredMs(both, 10 * HOUR_MS)).toBe(10 * HOUR_MS);
  });
});

describe('barsWholeWeek', () => {
  it.each<[boolean, BlackoutWindow[]]>([
    [false, []],
    [false, [{ from: '00:00', to: '00:00', days: ['mon'] }]],
    [true, [{ from: '00:00', to: '00:00', days: allDays }]],
    [true, [{ from: '13:00', to: '13:00', days: allDays }]],
    [false, [{ from: '00:00', to: '23:59', days: allDays }]],
    [
      true,
      [
        { from: '22:00', to: '06:00', days: allDays },
        { from: '06:00', to: '22:00', days: allDays },
      ],
    ],
    [
      false,
      [
        { from: '22:00', to: '06:00', days: allDays },
        { from: '06:00', to: '22:00', days: allDays.slice(1) },
      ],
    ],
  ])('is %s for %j', (answer, windows) => expect(barsWholeWeek(windows)).toBe(answer));

  it('is true exactly if every minute of the week is barred', () => {
    const hour = fc.integer({ min: 0, max: 23 }).map((value) => `${String(value).padStart(2, '0')}:00`);
    const window = fc.record({ from: hour, to: hour, days: fc.subarray(allDays, { minLength: 5 }) });
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(fc.array(window, { maxLength: 4 }), (windows) => {
        const stretches = stretchesOf(windows);
        const minutes = Array.from({ length: 7 * 1440 }, (_, minute) => minute * 60_000);
        const answer = barsWholeWeek(windows);
        seen.add(answer);
        expect(answer).toBe(minutes.every((minute) => barredMs(stretches, minute) > 0));
      }),
    );
    expect(seen.size).toBe(2);
  });
});
