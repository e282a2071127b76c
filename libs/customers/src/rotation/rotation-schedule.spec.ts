import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { barsWholeWeek, type BlackoutWindow, WEEK_DAYS } from './blackout.js';
import type { RotationPolicy } from './rotation-policy.js';
import { nextAllowed, nextRotationAt } from './rotation-schedule.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const allDays = [...WEEK_DAYS];
const night: BlackoutWindow = { from: '22:00', to: '06:00', days: allDays };

const nextOf = (timeZone: string, at: string, ...blackout: BlackoutWindow[]): string =>
  nextAllowed({ timeZone, blackout }, new Date(at)).toISOString();

const window = (from: string, to: string): BlackoutWindow => ({ from, to, days: allDays });

describe('nextAllowed', () => {
  it.each<[string, string, string, BlackoutWindow[]]>([
    ['nothing is barred', '2026-11-20T12:00:00.123Z', '2026-11-20T12:00:00.123Z', []],
    ['no window holds it', '2026-11-20T12:00:00.123Z', '2026-11-20T12:00:00.123Z', [night]],
    ['a window begins', '2026-11-20T22:00:00.000Z', '2026-11-21T06:00:00.000Z', [night]],
    ['a window is about to begin', '2026-11-20T21:59:59.999Z', '2026-11-20T21:59:59.999Z', [night]],
    ['a window is about to end', '2026-11-21T05:59:59.999Z', '2026-11-21T06:00:00.000Z', [night]],
    ['a window ends', '2026-11-21T06:00:00.000Z', '2026-11-21T06:00:00.000Z', [night]],
    ['windows chain', '2026-11-20T23:00:00.000Z', '2026-11-21T09:30:00.000Z', [night, window('05:00', '09:30')]],
    [
      'a weekend is one window after the other',
      '2026-11-20T23:00:00.000Z',
      '2026-11-23T00:00:00.000Z',
      [
        { from: '22:00', to: '00:00', days: ['fri'] },
        { from: '00:00', to: '00:00', days: ['sat', 'sun'] },
      ],
    ],
    [
      'all but a minute of the week is barred',
      '2026-11-20T12:34:56.789Z',
      '2026-11-25T23:59:00.000Z',
      [
        { from: '00:00', to: '23:59', days: ['wed'] },
        { from: '00:00', to: '00:00', days: allDays.filter((day) => day !== 'wed') },
      ],
    ],
    [
      'the whole week is barred: at once',
      '2026-11-20T12:34:56.789Z',
      '2026-11-20T12:34:56.789Z',
      [window('00:00', '00:00')],
    ],
  ])('when %s', (_, at, next, blackout) => expect(nextOf('UTC', at, ...blackout)).toBe(next));

  it('goes by the clock of the time zone', () => {
    expect(nextOf('Asia/Kolkata', '2026-11-20T16:30:00.000Z', night)).toBe('2026-11-21T00:30:00.000Z');
    expect(nextOf('America/New_York', '2026-11-20T16:30:00.000Z', night)).toBe('2026-11-20T16:30:00.000Z');
    // 23:00 on Sunday in Berlin: still the day before in UTC, where it is Sunday too, and Monday in Kolkata.
    const sunday = { from: '00:00', to: '00:00', days: ['sun' as const] };
    expect(nextOf('Europe/Berlin', '2026-11-22T22:00:00.000Z', sunday)).toBe('2026-11-22T23:00:00.000Z');
    expect(nextOf('Asia/Kolkata', '2026-11-22T22:00:00.000Z', sunday)).toBe('2026-11-22T22:00:00.000Z');
  });

  // Berlin puts its clock from 02:00 to 03:00 at 2027-03-28T01:00Z, Lord Howe from 02:00 to 02:30 at 2026-10-03T15:30Z.
  it.each<[string, string, string, string, string]>([
    ['the window lasts through the change: it is an hour shorter', 'Europe/Berlin', '22:00', '06:00', '04:00:00.000Z'],
    ['its end is skipped: it ends with the change', 'Europe/Berlin', '22:00', '02:30', '01:00:00.000Z'],
    ['all of it is skipped: it holds nothing', 'Europe/Berlin', '02:00', '03:00', '00:30:00.000Z'],
    ['its beginning is skipped: it begins with the change', 'Europe/Berlin', '02:30', '03:30', '00:30:00.000Z'],
  ])('in spring, when %s', (_, zone, from, to, next) =>
    expect(nextOf(zone, '2027-03-28T00:30:00.000Z', window(from, to))).toBe(`2027-03-28T${next}`),
  );

  it('in spring bars what is left of a window whose beginning is skipped', () => {
    expect(nextOf('Europe/Berlin', '2027-03-28T01:00:00.000Z', window('02:30', '03:30'))).toBe(
      '2027-03-28T01:30:00.000Z',
    );
    expect(nextOf('Australia/Lord_Howe', '2026-10-03T15:00:00.000Z', window('01:00', '02:15'))).toBe(
      '2026-10-03T15:30:00.000Z',
    );
  });

  // Berlin puts its clock from 03:00 to 02:00 at 2026-10-25T01:00Z, Lord Howe from 02:00 to 01:30 at 2027-04-03T15:00Z.
  it.each<[string, string, string, string, string]>([
    ['the window lasts through the change: it is an hour longer', '22:00', '06:00', '00:45', '05:00'],
    ['its end is shown twice: it ends at the first', '01:30', '02:30', '00:15', '00:30'],
    ['its end is shown twice: the time before the second is barred again', '01:30', '02:30', '01:00', '01:30'],
    ['its beginning is shown twice: the clock leaves it with the change', '02:30', '03:30', '00:45', '01:00'],
    ['its beginning is shown twice: the second begins it again', '02:30', '03:30', '01:30', '02:30'],
    ['all of it is shown twice: the first', '02:10', '02:20', '00:10', '00:20'],
    ['all of it is shown twice: the second', '02:10', '02:20', '01:10', '01:20'],
  ])('in autumn, when %s', (_, from, to, at, next) =>
    expect(nextOf('Europe/Berlin', `2026-10-25T${at}:00.000Z`, window(from, to))).toBe(`2026-10-25T${next}:00.000Z`),
  );

  it('in autumn knows changes of half an hour', () => {
    const barred = window('01:45', '02:15');
    const next = (at: string) => nextOf('Australia/Lord_Howe', at, barred);
    expect(next('2027-04-03T14:50:00.000Z')).toBe('2027-04-03T15:00:00.000Z');
    expect(next('2027-04-03T15:20:00.000Z')).toBe('2027-04-03T15:45:00.000Z');
  });

  // The oracle asks what the clock shows, minute by minute, and knows nothing of stretches and offsets.
  const changes: Record<string, string[]> = {
    'Europe/Berlin': ['2026-03-29T01:00Z', '2026-10-25T01:00Z'],
    'America/New_York': ['2026-03-08T07:00Z', '2026-11-01T06:00Z'],
    'Australia/Lord_Howe': ['2026-04-04T15:00Z', '2026-10-03T15:30Z'],
    'Asia/Kolkata': ['2026-06-30T18:30Z'],
    UTC: ['2026-12-31T00:00Z'],
  };
  const clocks = new Map(
    Object.keys(changes).map((timeZone) => [
      timeZone,
      new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit' }),
    ]),
  );
  const isBarred = (zone: string, blackout: readonly BlackoutWindow[], instant: number): boolean => {
    const shown = Object.fromEntries(
      clocks
        .get(zone)!
        .formatToParts(instant)
        .map(({ type, value }) => [type, value]),
    );
    const today = WEEK_DAYS.findIndex((day) => day === shown.weekday!.toLowerCase());
    const yesterday = WEEK_DAYS[(today + 6) % 7]!;
    const time = `${shown.hour}:${shown.minute}`;
    return blackout.some(({ from, to, days }) => {
      const begun = days.includes(WEEK_DAYS[today]!) && time >= from && (to <= from || time < to);
      return begun || (to <= from && days.includes(yesterday) && time < to);
    });
  };

  const timeOfDay = fc
    .tuple(
      fc.oneof({ weight: 2, arbitrary: fc.integer({ min: 0, max: 4 }) }, fc.integer({ min: 0, max: 23 })),
      fc.nat(59),
    )
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
  const anyWindow = fc.record({ from: timeOfDay, to: timeOfDay, days: fc.subarray(allDays, { minLength: 1 }) });
  const zoneAndInstant = fc.constantFrom(...Object.keys(changes)).chain((zone) =>
    fc.tuple(
      fc.constant(zone),
      fc.oneof(
        fc
          .tuple(fc.constantFrom(...changes[zone]!), fc.integer({ min: -DAY_MS, max: DAY_MS / 4 }))
          .map(([change, ms]) => Date.parse(change) + ms),
        fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2028-01-01') }),
      ),
    ),
  );

  it('is the first instant from which no window holds, in any zone, at any time, whatever the windows', () => {
    let moved = 0;
    fc.assert(
      fc.property(zoneAndInstant, fc.array(anyWindow, { maxLength: 6 }), ([timeZone, at], blackout) => {
        const next = nextAllowed({ timeZone, blackout }, new Date(at)).getTime();
        if (barsWholeWeek(blackout)) {
          expect(next).toBe(at);
          return;
        }
        expect(next).toBeGreaterThanOrEqual(at);
        expect(isBarred(timeZone, blackout, next)).toBe(false);
        if (next === at) return;
        moved += 1;
        // Windows begin and end with minutes, so what holds at each minute's beginning holds in between.
        const stepMs = MINUTE_MS * Math.ceil((next - at) / MINUTE_MS / 2_000);
        const barred = [at, next - 1];
        for (let instant = next - MINUTE_MS; instant > at; instant -= stepMs) barred.push(instant);
        expect(barred.filter((instant) => !isBarred(timeZone, blackout, instant))).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(moved).toBeGreaterThan(100);
  });
});

describe('nextRotationAt', () => {
  const policy: RotationPolicy = {
    intervalMs: 10 * DAY_MS,
    graceMs: DAY_MS,
    jitterMs: DAY_MS,
    blackout: [],
    timeZone: 'UTC',
    acknowledgement: 'read',
    deadlineMs: DAY_MS,
    force: false,
  };
  const after = new Date('2026-11-10T12:00:00.000Z');
  const nextOfPolicy = (changes: Partial<RotationPolicy>, random: number): string =>
    nextRotationAt({ ...policy, ...changes }, after, () => random).toISOString();

  it('is the interval and a part of the jitter later', () => {
    expect(nextOfPolicy({}, 0)).toBe('2026-11-20T12:00:00.000Z');
    expect(nextOfPolicy({}, 0.25)).toBe('2026-11-20T18:00:00.000Z');
    expect(nextOfPolicy({ jitterMs: 0 }, 0.99)).toBe('2026-11-20T12:00:00.000Z');
  });

  it('is moved out of the blackout, which the jitter may have led into', () => {
    expect(nextOfPolicy({ blackout: [night] }, 0.25)).toBe('2026-11-20T18:00:00.000Z');
    expect(nextOfPolicy({ blackout: [night] }, 0.5)).toBe('2026-11-21T06:00:00.000Z');
  });
});
