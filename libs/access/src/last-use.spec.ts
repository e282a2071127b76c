import { describe, expect, it } from '@jest/globals';
import type { Database } from '@app/platform';
import { LastUse } from './last-use.js';

const open = () => {
  const written: Date[] = [];
  const updateMany = ({ data }: { data: { lastUsedAt: Date } }) => {
    written.push(data.lastUsedAt);
    return Promise.resolve({ count: 1 });
  };
  const database = { client: { apiKey: { updateMany } } } as unknown as Database;
  return { written, lastUse: new LastUse(database, { warn: () => undefined }) };
};

const NOON = new Date('2026-06-01T12:00:00Z');
const after = (ms: number) => new Date(NOON.getTime() + ms);

describe('LastUse', () => {
  it('asks the database once for uses at the same time', async () => {
    const { written, lastUse } = open();
    for (let n = 0; n < 5; n++) lastUse.note('k1', null, NOON);
    lastUse.note('k2', null, NOON);
    await lastUse.settled();
    expect(written).toHaveLength(2);
  });

  it('leaves the database alone within a minute of what the row says', async () => {
    const { written, lastUse } = open();
    lastUse.note('k1', NOON, after(59_999));
    await lastUse.settled();
    expect(written).toEqual([]);
    lastUse.note('k1', NOON, after(60_000));
    await lastUse.settled();
    expect(written).toEqual([after(60_000)]);
  });
});
