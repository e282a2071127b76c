import { describe, expect, it } from '@jest/globals';
import { QlikError } from '@app/qlik';
import type { CommittedIntent, Intent, StepContext } from '@app/runs';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { MintSecretStep } from './mint-secret.step.js';
import { MintUndoing } from './mint-undoing.js';

const now = new Date('2026-01-01T01:00:00.000Z');
const longAgo = '2026-01-01T00:00:00.000Z';
const host = 'acme.eu.qlikcloud.com';
const us = 'user-of-ours';
const settings = new ProvisioningSettings(20_000, 60_000, 10_000);
const limited = new QlikError('QLIK_RATE_LIMITED', { operation: 'create-client-secret', host });

/** The step for a client that has `hints`, of which `cur` is the current one of ours; `minted` is what each mint is answered. */
function stepAndContext(intent: CommittedIntent | null, hints: string[], minted: () => object) {
  const committed: Intent[] = [];
  const deleted: string[] = [];
  const context = {
    run: { customerId: 'c1', input: { mode: 'emergency' } },
    intent,
    now: () => now,
    guard: () => undefined,
    commitIntent: (next: Intent) => {
      committed.push(next);
      return Promise.resolve({ ...next, at: now.toISOString() });
    },
    clearIntent: () => Promise.resolve(void committed.push({ phase: 'none' })),
  } as unknown as StepContext;
  const current = { state: 'current', hint: 'cur', createdBy: us, retiredAt: null };
  const targets = { get: () => Promise.resolve({ customerId: 'c1', tenantHost: host, rotation: null }) };
  const clients = {
    get: () => Promise.resolve({ clientSecrets: hints.map((hint) => ({ hint, createdBy: us })) }),
  };
  const secrets = {
    create: async (...[, , { beforeSend }]: [0, 0, { beforeSend(): Promise<void> }]) => {
      await beforeSend();
      return minted();
    },
    delete: (...[, , hint]: [0, 0, string]) => Promise.resolve(void deleted.push(hint)),
  };
  const versions = {
    getClient: () => Promise.resolve({ oauthClientId: 'row', clientId: 'client' }),
    listLive: () => Promise.resolve([current]),
  };
  const undoing = [targets, clients, secrets, settings, versions];
  const parts = [
    targets,
    {},
    { token: () => Promise.resolve() },
    clients,
    secrets,
    { prepare: () => Promise.resolve({}), seal: () => Promise.resolve({}) },
    settings,
    { nextVersion: () => Promise.resolve(2) },
    versions,
    new MintUndoing(...(undoing as never as ConstructorParameters<typeof MintUndoing>)),
  ];
  const step = new MintSecretStep(...(parts as never as ConstructorParameters<typeof MintSecretStep>));
  return { step, context, committed, deleted };
}

const minting = (changes: object = {}): CommittedIntent => ({
  ...{ phase: 'minting', at: longAgo, knownHints: ['cur'], mints: 1, unsure: false, removing: [] },
  ...changes,
});
const refuse = () => {
  throw limited;
};

describe('MintSecretStep', () => {
  it('leaves nothing of a mint that was refused', async () => {
    const { step, context, committed } = stepAndContext(null, ['cur'], refuse);
    await expect(step.run(context)).rejects.toBe(limited);
    expect(committed).toMatchObject([{ phase: 'minting', mints: 1, unsure: false }, { phase: 'none' }]);
  });

  it('does not count one that was refused after another was lost, and waits for nothing then', async () => {
    const { step, context, committed, deleted } = stepAndContext(minting(), ['cur', 'lost'], refuse);
    await expect(step.run(context)).rejects.toBe(limited);
    const left = { phase: 'minting', knownHints: ['cur'], mints: 1, unsure: true, removing: ['lost'], settled: true };
    expect(committed).toMatchObject([{ mints: 1, removing: ['lost'] }, { mints: 2 }, left]);
    expect(committed[0]).not.toHaveProperty('settled');
    expect(deleted).toEqual(['lost']);

    const next = stepAndContext({ ...left, at: now.toISOString() }, ['cur'], () => ({ hint: 'new' }));
    expect(await next.step.run(next.context)).toMatchObject({ intent: { phase: 'minted', mints: 2, unsure: true } });
    expect(next.committed).toMatchObject([{ phase: 'minting', mints: 2 }]);
    expect(next.committed[0]).not.toHaveProperty('settled');
  });

  it('takes nothing for lost after mints whose hints could not be used, neither by a retry nor by a cancel', async () => {
    const hints = ['cur', 'a', 'b', 'c'];
    const { step, context, committed } = stepAndContext(null, hints, () => ({ hint: 'cur' }));
    await expect(step.run(context)).rejects.toMatchObject({
      failure: { error: { code: 'HINT_COLLISION', hint: expect.stringContaining('never the client') } },
    });
    const left = { phase: 'minting', knownHints: hints, mints: 0, unsure: false, settled: true };
    expect(committed.at(-1)).toMatchObject(left);

    const since = { ...(committed.at(-1) as Intent), at: now.toISOString() };
    const retried = stepAndContext(since, ['cur', 'script'], () => ({ hint: 'new' }));
    expect(await retried.step.run(retried.context)).toMatchObject({ intent: { mints: 1, unsure: false } });
    const cancelled = stepAndContext(since, ['cur', 'script'], refuse);
    expect(await cancelled.step.undo(cancelled.context)).toMatchObject({ intent: null });
    expect([...retried.deleted, ...cancelled.deleted]).toEqual([]);
  });
});
