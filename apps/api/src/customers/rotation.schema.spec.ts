import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Rotation } from './rotation.schema.js';

const allDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const wholeWeek = [{ from: '00:00', to: '00:00', days: allDays }];

describe('Rotation', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['a grace as long as the interval', { intervalSeconds: 3_600, graceSeconds: 3_600 }],
    [
      'grace and deadline that fill the interval',
      { intervalSeconds: 3_600, graceSeconds: 600, deadlineSeconds: 3_000 },
    ],
    [
      'a deadline that nothing waits for',
      { intervalSeconds: 3_600, graceSeconds: 600, deadlineSeconds: 7_200, acknowledgement: 'none' },
    ],
    ['a grace whose interval is a default', { graceSeconds: 31_536_000 }],
    ['a deadline whose grace is a default', { intervalSeconds: 3_600, deadlineSeconds: 7_200 }],
    ['a whole day of blackout', { blackout: [{ from: '00:00', to: '00:00', days: ['sun'] }] }],
    ['all of the week but a minute', { blackout: [{ from: '00:00', to: '23:59', days: allDays }] }],
    ['no blackout', { blackout: [], timeZone: 'Australia/Lord_Howe' }],
  ])('takes %s', (_, rotation) => expect(Rotation.parse(rotation)).toEqual(rotation));

  it.each<[string, object, string[]]>([
    ['a grace beyond the interval', { intervalSeconds: 3_600, graceSeconds: 3_601 }, ['/graceSeconds']],
    [
      'a grace beyond the interval, once, whatever the deadline',
      { intervalSeconds: 3_600, graceSeconds: 3_601, deadlineSeconds: 60 },
      ['/graceSeconds'],
    ],
    [
      'a grace beyond the interval without acknowledgement',
      { intervalSeconds: 3_600, graceSeconds: 3_601, acknowledgement: 'none' },
      ['/graceSeconds'],
    ],
    [
      'grace and deadline beyond the interval',
      { intervalSeconds: 3_600, graceSeconds: 600, deadlineSeconds: 3_001 },
      ['/deadlineSeconds'],
    ],
    ['a blackout of the whole week', { blackout: wholeWeek }, ['/blackout']],
    [
      'windows that leave no minute together',
      {
        blackout: [
          { from: '22:00', to: '06:00', days: allDays },
          { from: '05:00', to: '22:00', days: allDays },
        ],
      },
      ['/blackout'],
    ],
    [
      'a bad window, and says so of its place alone',
      { blackout: [{ from: '25:00', to: 'noon', days: ['mon'] }] },
      ['/blackout/0/from', '/blackout/0/to'],
    ],
    ['a zone that does not exist', { timeZone: 'Mars/Olympus' }, ['/timeZone']],
    ['an interval below a minute', { intervalSeconds: 59 }, ['/intervalSeconds']],
  ])('refuses %s', (_, rotation, pointers) => {
    const { error } = Rotation.safeParse(rotation);
    expect(error?.issues.map(({ path }) => `/${path.join('/')}`)).toEqual(pointers);
  });

  it('documents every field', () => {
    const { properties } = z.toJSONSchema(Rotation, { reused: 'inline' }).$defs!.Rotation!;
    const bare = Object.entries(properties!).filter(([, schema]) => !(schema as { description?: string }).description);
    expect(Object.keys(properties!)).toHaveLength(8);
    expect(bare).toEqual([]);
  });
});
