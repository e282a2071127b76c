import { describe, expect, it } from '@jest/globals';
import { AuditEventFilter, AuditExportFilter } from '../audit/audit-event.schema.js';
import { WebhookReplay } from '../webhook-endpoints/webhook-delivery.schema.js';

const places = [
  ['from of audit events', (value: string) => AuditEventFilter.safeParse({ from: value })],
  ['to of an export', (value: string) => AuditExportFilter.safeParse({ to: value })],
  ['since of a replay', (value: string) => WebhookReplay.safeParse({ since: value })],
  ['until of a replay', (value: string) => WebhookReplay.safeParse({ since: '2026-01-01T00:00:00Z', until: value })],
] as const;

describe.each(places)('an instant that a request gives, as %s', (_place, judge) => {
  it.each(['0001-01-01T00:00:00Z', '2026-11-22T10:00:00.123456+14:00', '9999-12-31T23:59:59.999Z'])(
    'may be %s',
    (value) => expect(judge(value).success).toBe(true),
  );

  it.each([
    ['a year that no calendar has', '0000-06-01T00:00:00Z'],
    ['that year by its offset', '0001-01-01T00:00:00+00:01'],
    ['a year of five digits by its offset', '9999-12-31T23:59:59-00:01'],
    ['no offset', '2026-11-22T10:00:00'],
    ['more digits than any clock', `2026-11-22T10:00:00.${'0'.repeat(30)}Z`],
  ])('has not %s', (_what, value) => expect(judge(value).success).toBe(false));
});
