import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SecretAtQlik } from '../secrets/secrets-at-qlik.js';
import { beforeMint, type MintDecision, type MintScene } from './mint-decision.js';
import type { MintingIntent } from './rotation-intent.js';
import type { LiveVersion } from './secret-versions.repository.js';

const us = 'user-of-ours';
const MAX_SECRETS = 5;

/** A version of ours by its id, which is also its hint unless another is given. */
function version(id: string, changes: Partial<LiveVersion> = {}): LiveVersion {
  return {
    ...{ id, version: 1, state: 'previous', sealed: 'sealed', dataKeyId: 'key', hint: id, createdBy: us },
    ...{ promotedAt: null, firstReadAt: null, acknowledgedAt: null, retiredAt: null },
    ...changes,
  };
}

const current = version('cur', { state: 'current' });
const secret = (hint: string, createdBy?: string): SecretAtQlik => ({ hint, createdBy });
const ours = (...hints: string[]): SecretAtQlik[] => hints.map((hint) => secret(hint, us));
const theirs = (...hints: string[]): SecretAtQlik[] => hints.map((hint) => secret(hint, 'somebody'));
const intentOf = (changes: Partial<MintingIntent> = {}): MintingIntent => ({
  ...{ phase: 'minting', at: new Date(0), knownHints: ['cur'], mints: 1, unsure: false, removing: [] },
  ...changes,
});
const decide = (changes: Partial<MintScene>): MintDecision =>
  beforeMint({
    ...{ clientId: 'client', intent: null, live: [current], secrets: ours('cur'), isEmergency: false },
    ...changes,
  });

describe('beforeMint', () => {
  it('notes what there was before the first mint, and deletes nothing', () => {
    expect(decide({ secrets: [...ours('cur', 'odd'), ...theirs('for')] })).toEqual({
      kind: 'mint',
      before: { knownHints: ['cur', 'odd', 'for'], mints: 0, unsure: false, removing: [] },
      remove: [],
      retire: [],
      hints: ['cur', 'odd', 'for'],
    });
  });

  it('deletes what a lost mint has left, and only that', () => {
    const intent = intentOf({ knownHints: ['cur', 'odd'], mints: 2, removing: ['gone'] });
    const secrets = [...ours('cur', 'odd', 'lost'), ...theirs('for'), secret('who')];
    expect(decide({ intent, secrets })).toEqual({
      kind: 'mint',
      before: { knownHints: ['cur', 'odd'], mints: 2, unsure: true, removing: ['gone'] },
      remove: ['lost'],
      retire: [],
      hints: ['cur', 'odd', 'for', 'who'],
    });
  });

  it('takes nothing for lost where every answer came: what is newer, a script made', () => {
    const intent = intentOf({ mints: 0, settled: true });
    expect(decide({ intent, secrets: ours('cur', 'script') })).toMatchObject({
      before: { knownHints: ['cur'], mints: 0, unsure: false },
      remove: [],
      hints: ['cur', 'script'],
    });
    const unsure = { ...intent, mints: 1, unsure: true };
    expect(decide({ intent: unsure, secrets: ours('cur', 'lost') })).toMatchObject({
      before: { mints: 1, unsure: true },
      remove: ['lost'],
    });
  });

  it('takes nothing for lost where Qlik does not say who made ours', () => {
    const live = [version('cur', { state: 'current', createdBy: null })];
    expect(decide({ live, intent: intentOf(), secrets: ours('cur', 'lost') })).toMatchObject({ remove: [] });
  });

  it('leaves two secrets of one hint alone', () => {
    const secrets = [...ours('cur', 'lost'), ...theirs('lost')];
    expect(decide({ intent: intentOf(), secrets })).toMatchObject({ remove: [], hints: ['cur', 'lost', 'lost'] });
  });

  it('asks a person after five mints, whose retry has as many again', () => {
    expect(decide({ intent: intentOf({ mints: 4 }) })).toMatchObject({ kind: 'mint' });
    expect(decide({ intent: intentOf({ mints: 5, removing: ['gone'] }) })).toMatchObject({
      kind: 'give-up',
      intent: { phase: 'minting', mints: 0, unsure: true, knownHints: ['cur'], removing: ['gone'] },
      error: { code: 'MINT_UNANSWERED' },
    });
  });

  describe('when the client has five secrets', () => {
    const live = [version('old'), version('mid'), current];
    const secrets = [...ours('cur', 'mid', 'old'), ...theirs('for', 'eig')];

    it('asks a person, and keeps the intent as it is', () => {
      expect(decide({ live, secrets })).toMatchObject({
        kind: 'give-up',
        intent: null,
        error: { code: 'SECRET_CAPACITY' },
      });
    });

    it('makes room for an emergency by the oldest version before the current one', () => {
      expect(decide({ live, secrets, isEmergency: true })).toMatchObject({
        kind: 'mint',
        remove: [],
        retire: [{ id: 'old' }],
        hints: ['cur', 'mid', 'for', 'eig'],
      });
    });

    it('makes room for an emergency by what was lost first', () => {
      const scene = { live: [version('old'), current], intent: intentOf({ knownHints: ['cur', 'old', 'for', 'eig'] }) };
      const full = [...ours('cur', 'old', 'lost'), ...theirs('for', 'eig')];
      expect(decide({ ...scene, secrets: full, isEmergency: true })).toMatchObject({ remove: ['lost'], retire: [] });
    });

    it.each<[string, LiveVersion[], SecretAtQlik[]]>([
      ['all are somebody’s but the current one', [current], [...ours('cur'), ...theirs('a', 'b', 'c', 'd')]],
      [
        'another secret has the hint of the one that could go',
        [version('old'), current],
        [...ours('cur', 'old'), ...theirs('old', 'a', 'b')],
      ],
      [
        'the current one has the hint of the one that could go',
        [version('old', { hint: 'cur' }), current],
        [...ours('cur'), ...theirs('a', 'b', 'c', 'd')],
      ],
      [
        'somebody else made what has the hint of the one that could go',
        [version('old'), current],
        [...ours('cur'), ...theirs('old', 'a', 'b', 'c')],
      ],
      [
        'the only other one is about to become the current one',
        [current, version('next', { state: 'pending' })],
        [...ours('cur', 'next'), ...theirs('a', 'b', 'c')],
      ],
    ])('finds no room in an emergency where %s', (_where, versions, full) => {
      expect(decide({ live: versions, secrets: full, isEmergency: true })).toMatchObject({
        kind: 'give-up',
        error: { code: 'SECRET_CAPACITY' },
      });
    });
  });

  describe('whatever there is', () => {
    const HINTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const hint = fc.constantFrom(...HINTS);
    const states = fc.constantFrom<LiveVersion['state']>('previous', 'pending');
    const atQlik = fc.record({ hint, createdBy: fc.constantFrom(us, 'somebody', undefined) });
    const full = fc.uniqueArray(atQlik, { minLength: 5, maxLength: 5, selector: (one) => one.hint });
    const scenes = fc
      .record({
        versions: fc.array(fc.record({ state: states, hint, isNamed: fc.boolean() }), { maxLength: 4 }),
        secrets: fc.oneof(fc.array(atQlik, { maxLength: 5 }), full),
        knownHints: fc.option(fc.subarray(HINTS)),
        mints: fc.integer({ min: 0, max: 6 }),
        isEmergency: fc.boolean(),
      })
      .map(({ versions, secrets, knownHints, mints, isEmergency }): MintScene => {
        // Versions that are not revoked have hints of their own: no secret is kept that came with the hint of another.
        const distinct = versions.filter(
          (one, index) => versions.findIndex((other) => other.hint === one.hint) === index,
        );
        const live = distinct.map(({ state, hint: its, isNamed }, index) =>
          version(`v${index}`, { state, hint: isNamed ? its : null, version: index + 1 }),
        );
        const intent = knownHints === null ? null : intentOf({ knownHints, mints });
        return { clientId: 'client', intent, live: [...live, current], secrets, isEmergency };
      });

    const minting = (scene: MintScene, check: (decision: Extract<MintDecision, { kind: 'mint' }>) => void): void => {
      const decision = beforeMint(scene);
      if (decision.kind === 'mint') check(decision);
    };

    it('removes no secret but one that is surely ours, newer than the run, and alone in its hint', () => {
      let removed = 0;
      fc.assert(
        fc.property(scenes, (scene) =>
          minting(scene, ({ remove }) => {
            for (const gone of remove) {
              removed += 1;
              expect(scene.secrets.filter((one) => one.hint === gone)).toEqual([{ hint: gone, createdBy: us }]);
              expect(scene.intent?.knownHints).not.toContain(gone);
              expect(scene.live.map((one) => one.hint)).not.toContain(gone);
            }
          }),
        ),
        { numRuns: 1_000 },
      );
      expect(removed).toBeGreaterThan(50);
    });

    it('retires versions in an emergency only, no more than it must, and never one that is current or to come', () => {
      let retired = 0;
      fc.assert(
        fc.property(scenes, (scene) =>
          minting(scene, ({ retire, remove }) => {
            retired += retire.length;
            if (!scene.isEmergency) expect(retire).toEqual([]);
            for (const old of retire) {
              expect(old.state).toBe('previous');
              const shown = scene.secrets.filter((one) => one.hint === old.hint);
              expect(shown).toHaveLength(1);
              expect(shown[0]!.createdBy).not.toBe('somebody');
            }
            const left = scene.secrets.length - remove.length;
            expect(retire).toHaveLength(Math.max(0, left + 1 - MAX_SECRETS));
          }),
        ),
        { numRuns: 1_000 },
      );
      expect(retired).toBeGreaterThan(10);
    });

    it('leaves room for the secret to come, and knows the hints it must not have', () => {
      fc.assert(
        fc.property(scenes, (scene) =>
          minting(scene, ({ hints, remove, retire }) => {
            expect(hints.length).toBeLessThan(MAX_SECRETS);
            const gone = [...remove, ...retire.map((old) => old.hint)];
            expect(hints).toEqual(scene.secrets.map((one) => one.hint).filter((its) => !gone.includes(its)));
          }),
        ),
      );
    });

    it('never forgets what there was before the first mint, and is unsure from the second on', () => {
      fc.assert(
        fc.property(scenes, (scene) =>
          minting(scene, ({ before }) => {
            expect(before.knownHints).toEqual(scene.intent?.knownHints ?? scene.secrets.map((one) => one.hint));
            expect(before.unsure).toBe(scene.intent !== null);
          }),
        ),
      );
    });
  });
});
