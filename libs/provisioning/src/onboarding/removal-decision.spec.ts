import { describe, expect, it } from '@jest/globals';
import { ProvisioningSettings } from '../provisioning-settings.js';
import type { CreationIntent, KeptIntent, MintingIntent, PostingIntent } from './creation-intent.js';
import { nextRemovalMove } from './removal-decision.js';

const settings = new ProvisioningSettings(20_000, 60_000, 10_000);
const at = new Date('2026-01-01T00:01:00.000Z');
const postedAt = new Date('2026-01-01T00:00:00.000Z');
const posting: PostingIntent = {
  phase: 'posting',
  at,
  clientName: 'name',
  posts: 1,
  unsure: false,
};
const adoption = { clientId: 'id', mints: 0, deadSecrets: [], knownHints: null };
const minting: MintingIntent = { ...posting, ...adoption, phase: 'minting' };
const kept: KeptIntent = { ...posting, ...adoption, phase: 'kept', postedAt };

const waits = (from: Date) => ({ kind: 'wait', until: settings.settledAt(from) });
const looks = { kind: 'look', names: ['name'] };

describe('nextRemovalMove', () => {
  it.each<[string, CreationIntent | null, Date, object]>([
    ['has no names to look for where nothing was intended', null, at, { kind: 'look', names: [] }],
    ['waits for a POST that may still act', posting, at, waits(at)],
    ['looks once it must show', posting, settings.settledAt(at), looks],
    ['waits for a mint that may still act', minting, at, waits(at)],
    ['waits for nothing where every answer came', kept, at, looks],
    ['waits from the last POST where one was lost', { ...kept, unsure: true }, at, waits(postedAt)],
    ['looks once that must show', { ...kept, unsure: true }, settings.settledAt(postedAt), looks],
    [
      'looks for no name where the client was taken over',
      { ...kept, takenOver: true, otherNames: ['other'] },
      at,
      { kind: 'look', names: [] },
    ],
  ])('%s', (_what, intent, now, move) => {
    expect(nextRemovalMove(intent, now, settings)).toEqual(move);
  });
});
