import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SecretAtQlik } from '../secrets/secrets-at-qlik.js';
import { decideRetirement, type Retirement, type RetirementScene } from './retirement-decision.js';
import type { LiveVersion } from './secret-versions.repository.js';

const us = 'user-of-ours';
const AT = new Date(0);

/** A version of ours by its id, which is also its hint unless another is given. */
function version(id: string, changes: Partial<LiveVersion> = {}): LiveVersion {
  return {
    ...{ id, version: 1, state: 'previous', sealed: 'sealed', dataKeyId: 'key', hint: id, createdBy: us },
    ...{ promotedAt: AT, firstReadAt: null, acknowledgedAt: null, retiredAt: null },
    ...changes,
  };
}

const current = version('cur', { state: 'current' });
const secret = (hint: string, createdBy: string | undefined = us): SecretAtQlik => ({ hint, createdBy });
const byNobodyKnown = (hint: string): SecretAtQlik => ({ hint });

const decide = (changes: Partial<RetirementScene>): Retirement =>
  decideRetirement({
    ...{
      clientId: 'client',
      currentId: 'cur',
      live: [current],
      working: [],
      secrets: [],
      knownHints: null,
      mayLetGo: false,
    },
    ...changes,
  });

describe('decideRetirement', () => {
  it('deletes the version before, and leaves the current one', () => {
    const old = version('old');
    const scene = { live: [old, current], working: ['old'], secrets: [secret('old'), secret('cur')] };
    expect(decide(scene)).toEqual({
      kind: 'retire',
      versions: [old],
      letGo: [],
      hints: ['old'],
      dead: [],
      unrecognised: 0,
    });
  });

  it('deletes every earlier version, also one that is not listed yet', () => {
    const live = [version('old'), version('older'), current];
    const scene = { live, working: ['old', 'older'], secrets: [secret('older'), secret('cur')] };
    expect(decide(scene)).toMatchObject({ hints: ['old', 'older'] });
  });

  it('lets go of a version that cannot be told from others, where it may', () => {
    const brought = version('old', { hint: null, createdBy: null });
    const scene = {
      live: [brought, current],
      working: ['old'],
      secrets: [secret('a'), secret('b'), secret('cur')],
      knownHints: ['a', 'b'],
    };
    expect(decide({ ...scene, mayLetGo: true })).toEqual({
      ...{ kind: 'retire', versions: [], letGo: [brought], hints: [], dead: [] },
      unrecognised: 2,
    });
    expect(decide(scene)).toMatchObject({ kind: 'give-up', error: { code: 'SECRET_UNRECOGNISED' } });
    // Once somebody has deleted it, it goes the usual way.
    expect(decide({ ...scene, mayLetGo: true, working: [] })).toMatchObject({ versions: [brought], letGo: [] });
  });

  it('has nothing to delete of a version that is gone', () => {
    const old = version('old');
    expect(decide({ live: [old, current], secrets: [secret('cur')] })).toMatchObject({ versions: [old], hints: [] });
  });

  it('deletes a version that is refused and still listed as made by us', () => {
    const scene = { live: [version('old'), current], secrets: [secret('old'), secret('cur')] };
    expect(decide(scene)).toMatchObject({ hints: ['old'], unrecognised: 0 });
  });

  it('deletes secrets of ours that were never stored, and counts the others', () => {
    const scene = {
      secrets: [secret('lost'), secret('before'), secret('cur'), secret('their', 'somebody'), byNobodyKnown('whose')],
      knownHints: ['before', 'cur'],
    };
    expect(decide(scene)).toMatchObject({ dead: ['lost'], unrecognised: 3 });
    // Nothing was minted, so that nothing can have been lost.
    expect(decide({ ...scene, knownHints: null })).toMatchObject({ dead: [], unrecognised: 4 });
  });

  it('leaves alone what another rotation is about to make the current one', () => {
    const live = [version('old'), current, version('next', { state: 'pending' })];
    const scene = { live, working: ['old'], secrets: ['old', 'cur', 'next'].map((hint) => secret(hint)) };
    expect(decide({ ...scene, knownHints: [] })).toMatchObject({ hints: ['old'], dead: [], unrecognised: 0 });
  });

  describe('gives up', () => {
    it.each<[string, Partial<RetirementScene>, string]>([
      [
        'on a version whose hint was never told',
        { live: [version('old', { hint: null }), current], working: ['old'], secrets: [secret('abc'), secret('cur')] },
        'SECRET_UNRECOGNISED',
      ],
      [
        'on a version that shares its hint with a secret of somebody',
        {
          live: [version('old'), current],
          working: ['old'],
          secrets: [secret('old'), secret('old', 'somebody'), secret('cur')],
        },
        'HINT_COLLISION',
      ],
      [
        'on a version that shares its hint with the current one',
        {
          live: [version('old', { hint: 'cur' }), current],
          working: ['old'],
          secrets: [secret('cur'), secret('cur')],
        },
        'HINT_COLLISION',
      ],
    ])('%s', (_on, scene, code) => {
      expect(decide(scene)).toMatchObject({ kind: 'give-up', error: { code } });
    });

    it.each<[string, LiveVersion, SecretAtQlik, string]>([
      ['was never told', version('odd', { hint: null }), secret('abc'), 'SECRET_UNRECOGNISED'],
      ['is somebody’s, too', version('odd'), secret('odd', 'somebody'), 'HINT_COLLISION'],
      ['is the current one’s, too', version('odd', { hint: 'cur' }), secret('cur'), 'HINT_COLLISION'],
    ])('on the version alone whose hint %s: the others go, and what was lost', (_its, odd, its, code) => {
      const scene = {
        live: [odd, version('leaked'), current],
        working: ['odd', 'leaked'],
        secrets: [its, secret('leaked'), secret('cur'), secret('lost')],
        knownHints: ['abc', 'odd', 'leaked'],
      };
      expect(decide(scene)).toMatchObject({ kind: 'give-up', hints: ['leaked'], dead: ['lost'], error: { code } });
    });

    it.each<[string, LiveVersion, SecretAtQlik[]]>([
      ['whose hint was never told', version('old', { hint: null }), [secret('cur')]],
      ['whose hint somebody else’s secret has', version('old'), [secret('old', 'somebody'), secret('cur')]],
      ['whose hint somebody’s secret has', version('old'), [byNobodyKnown('old'), secret('cur')]],
      ['whose hint the current one has', version('old', { hint: 'cur' }), [secret('cur')]],
    ])('no longer once a person has deleted the version %s', (_which, old, secrets) => {
      expect(decide({ live: [old, current], secrets })).toMatchObject({ kind: 'retire', versions: [old], hints: [] });
    });
  });

  it('never deletes a hint that Qlik lists under another maker, though the version is not refused yet', () => {
    const secrets = [secret('old', 'somebody'), secret('cur')];
    const decision = decide({ live: [version('old'), current], working: ['old'], secrets });
    expect(decision.kind === 'retire' ? decision.hints : []).toEqual([]);
  });

  describe('whatever there is', () => {
    const hint = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const makers = { somebody: 'somebody', unknown: undefined };
    const theirs = fc.constantFrom(...Object.values(makers));
    /** A version of ours, and whether its secret is still at Qlik, and whether Qlik refuses it yet if it is not. */
    const earlier = fc.record({
      hint: fc.option(hint, { freq: 8 }),
      isPending: fc.boolean(),
      isThere: fc.boolean(),
      isRefused: fc.boolean(),
      wasRetired: fc.boolean(),
    });
    const scenes = fc
      .record({
        currentHint: hint,
        earlier: fc.array(earlier, { maxLength: 3 }),
        foreign: fc.array(fc.record({ hint, createdBy: theirs }), { maxLength: 3 }),
        lost: fc.array(hint, { maxLength: 2 }),
        hasMinted: fc.boolean(),
        mayLetGo: fc.boolean(),
      })
      .map(({ currentHint, earlier: others, foreign, lost, hasMinted, mayLetGo }) => {
        const versions = others.map(({ hint: its, isPending, wasRetired }, index) =>
          version(`v${index}`, {
            hint: its,
            state: isPending ? 'pending' : 'previous',
            retiredAt: wasRetired && !isPending ? AT : null,
          }),
        );
        const isAlive = (index: number) => others[index]!.isThere || others[index]!.isPending;
        // One that is gone may get tokens for a while; that Qlik does not say who made what is not combined with it.
        const isLate = foreign.every(({ createdBy }) => createdBy !== undefined);
        const working = versions.flatMap(({ id, state, retiredAt }, index) =>
          state === 'previous' && retiredAt === null && (isAlive(index) || (isLate && !others[index]!.isRefused))
            ? [id]
            : [],
        );
        const ours = versions.flatMap(({ hint: its }, index) => (isAlive(index) ? [secret(its ?? `x${index}`)] : []));
        const secrets = [secret(currentHint), ...ours, ...foreign, ...lost.map((its) => secret(its))];
        const live = [...versions, version('cur', { state: 'current', hint: currentHint })];
        const knownHints = hasMinted
          ? secrets.map((one) => one.hint).filter((its) => !(lost as string[]).includes(its) && its !== currentHint)
          : null;
        const scene = { clientId: 'client', currentId: 'cur', live, working, secrets, knownHints, mayLetGo };
        return { scene, foreign, lost };
      });

    it('deletes no hint that current, a pending version, somebody else or two secrets have', () => {
      let deletions = 0;
      fc.assert(
        fc.property(scenes, ({ scene, foreign }) => {
          const decision = decideRetirement(scene);
          for (const gone of [...decision.hints, ...decision.dead]) {
            deletions += 1;
            expect(scene.secrets.filter((one) => one.hint === gone).length).toBeLessThanOrEqual(1);
            expect(foreign.map((one) => one.hint)).not.toContain(gone);
            const kept = scene.live.filter(({ state }) => state !== 'previous');
            // What is current or pending may bear a hint that is not listed yet.
            expect(kept.map((one) => one.hint)).not.toContain(gone);
          }
        }),
        { numRuns: 2_000 },
      );
      expect(deletions).toBeGreaterThan(100);
    });

    it('forgets no earlier version, and deletes what still works of them', () => {
      fc.assert(
        fc.property(scenes, ({ scene, foreign }) => {
          const decision = decideRetirement(scene);
          if (decision.kind === 'give-up') return;
          const previous = scene.live.filter(({ state }) => state === 'previous');
          const { versions, letGo } = decision;
          expect(previous.filter((one) => versions.includes(one) || letGo.includes(one))).toEqual(previous);
          expect(versions.filter((one) => letGo.includes(one))).toEqual([]);
          expect(letGo.filter(({ hint: its }) => its !== null || !scene.mayLetGo)).toEqual([]);
          const hints = versions.filter(({ id }) => scene.working.includes(id)).map((one) => one.hint);
          for (const its of hints) if (!foreign.some((one) => one.hint === its)) expect(decision.hints).toContain(its);
        }),
      );
    });

    it('gives up for what cannot be told alone: every other version that works is deleted', () => {
      let deletions = 0;
      fc.assert(
        fc.property(scenes, ({ scene }) => {
          const decision = decideRetirement(scene);
          if (decision.kind !== 'give-up') return;
          const hints = scene.live.filter(({ id }) => scene.working.includes(id)).flatMap(({ hint: its }) => its ?? []);
          const bears = (its: string) => scene.secrets.filter((one) => one.hint === its);
          const plain = hints.filter((its) => bears(its).length === 1 && bears(its)[0]!.createdBy === us);
          const kept = scene.live.filter(({ state }) => state !== 'previous').map((one) => one.hint);
          const going = plain.filter((its) => !kept.includes(its));
          deletions += going.length;
          expect(decision.hints).toEqual(expect.arrayContaining(going));
        }),
        { numRuns: 10_000 },
      );
      expect(deletions).toBeGreaterThan(20);
    });

    it('counts each secret that stays and is not ours', () => {
      fc.assert(
        fc.property(scenes, ({ scene }) => {
          const decision = decideRetirement(scene);
          if (decision.kind === 'give-up') return;
          const kept = scene.live.filter(({ state }) => state !== 'previous').map((one) => one.hint);
          const gone = [...decision.hints, ...decision.dead, ...kept];
          expect(decision.unrecognised).toBe(scene.secrets.filter((one) => !gone.includes(one.hint)).length);
        }),
      );
    });
  });
});
