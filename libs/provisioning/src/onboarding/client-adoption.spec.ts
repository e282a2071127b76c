import { describe, expect, it } from '@jest/globals';
import { type OAuthClient, QlikError } from '@app/qlik';
import type { Intent, StepContext } from '@app/runs';
import type { CustomerTarget } from '../customer-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { ClientAdoption } from './client-adoption.js';
import { type MintingIntent, parseCreationIntent, type PostingIntent } from './creation-intent.js';

const at = new Date('2026-01-01T00:00:00.000Z');
const settings = new ProvisioningSettings(20_000, 60_000, 10_000);
const target = { customerId: 'c1', tenantHost: 'acme.eu.qlikcloud.com' } as CustomerTarget;
const posting: PostingIntent = { phase: 'posting', at, clientName: 'name', posts: 1, unsure: false };
const minting: MintingIntent = {
  ...posting,
  phase: 'minting',
  clientId: 'gone',
  mints: 1,
  deadSecrets: [],
  knownHints: [],
};
const us = 'user-of-ours';
const clientWith = (hints: string[]) =>
  ({ clientId: 'gone', clientSecrets: hints.map((hint) => ({ hint, createdBy: us })) }) as OAuthClient;
const gone = new QlikError('CLIENT_NOT_FOUND', { operation: 'get-oauth-client', host: target.tenantHost });

type Mint = (beforeSend: () => Promise<void>) => Promise<object>;

/** An adoption at a tenant whose client has `hints`, or that has none of the clients it is asked for; what it keeps is the intent it would leave. */
function adoptionAndContext(hints?: string[], mint: Mint = () => Promise.reject(gone)) {
  const committed: Intent[] = [];
  const context = {
    now: () => at,
    guard: () => undefined,
    commitIntent: (intent: Intent) => {
      committed.push(intent);
      return Promise.resolve({ ...intent, at: at.toISOString() });
    },
  } as unknown as StepContext;
  const adoption = new ClientAdoption(
    { token: () => Promise.resolve() } as never,
    { get: () => (hints === undefined ? Promise.reject(gone) : Promise.resolve(clientWith(hints))) } as never,
    { create: (...[, , { beforeSend }]: [0, 0, { beforeSend(): Promise<void> }]) => mint(beforeSend) } as never,
    { ensureDataKey: () => Promise.resolve({}) } as never,
    settings,
    {
      reserve: () => Promise.resolve({}),
      keep: (...[, , , , { intent }]: [0, 0, 0, 0, { intent: Intent }]) => Promise.resolve(intent),
    } as never,
  );
  return { adoption, context, committed };
}

describe('a client that is gone when it is to be adopted', () => {
  const lookAgain = { phase: 'posting', clientName: 'name', posts: 1, unsure: true };
  const wait = { failure: { kind: 'wait-until', until: settings.settledAt(at), error: { code: 'CLIENT_NOT_FOUND' } } };

  it('is looked for again, though a list still showed it', async () => {
    const { adoption, context, committed } = adoptionAndContext();
    await expect(adoption.adopt(context, target, posting, clientWith(['a']))).rejects.toMatchObject(wait);
    expect(committed.at(-1)).toEqual(lookAgain);
  });

  it('is looked for again, though a mint was begun', async () => {
    const { adoption, context, committed } = adoptionAndContext();
    await expect(adoption.goOn(context, target, minting)).rejects.toMatchObject(wait);
    expect(committed).toEqual([lookAgain]);
  });
});

describe('a mint for a client that is adopted', () => {
  const limited = new QlikError('QLIK_RATE_LIMITED', { operation: 'create-client-secret', host: target.tenantHost });
  const lost = { ...minting, knownHints: ['a'], unsure: true };

  it('does not count, and nothing is waited for, where it is refused', async () => {
    const { adoption, context, committed } = adoptionAndContext(['a'], async (beforeSend) => {
      await beforeSend();
      throw limited;
    });
    await expect(adoption.goOn(context, target, lost)).rejects.toBe(limited);
    expect(committed).toMatchObject([
      { phase: 'minting', mints: 2, settled: false },
      { phase: 'minting', mints: 1, settled: true, unsure: true, knownHints: ['a'] },
    ]);
  });

  it('is known for ours to a database that was restored to the moment when an earlier one had been refused', async () => {
    const refused = adoptionAndContext(['a'], () => Promise.reject(limited));
    await expect(refused.adoption.adopt(refused.context, target, posting, clientWith(['a']))).rejects.toBe(limited);
    const restored = parseCreationIntent({ ...refused.committed.at(-1), at }) as MintingIntent;
    const { adoption, context } = adoptionAndContext(['a', 'b'], async (beforeSend) => {
      await beforeSend();
      return { hint: 'c' };
    });
    const secretsOf = (...hints: string[]) => hints.map((hint) => ({ hint, createdBy: us }));
    expect(await adoption.goOn(context, target, restored)).toMatchObject({
      deadSecrets: secretsOf('a', 'b'),
      knownHints: ['a'],
    });
  });

  it('counts once, though it is sent again after a 401', async () => {
    const { adoption, context } = adoptionAndContext(['a'], async (beforeSend) => {
      await beforeSend();
      await beforeSend();
      return { hint: 'b' };
    });
    const kept = await adoption.goOn(context, target, { ...lost, settled: true });
    expect(kept).toMatchObject({ mints: 2, unsure: true });
    expect(kept).not.toHaveProperty('settled');
  });

  it('counts once, though it is made again because of its hint', async () => {
    const hints = ['a', 'b'];
    const { adoption, context } = adoptionAndContext(['a'], async (beforeSend) => {
      await beforeSend();
      return { hint: hints.shift() };
    });
    expect(await adoption.goOn(context, target, lost)).toMatchObject({ mints: 2 });
  });

  it.each([
    ['the OEM had made it: it is not to be deleted', { existing: { changed: [] } }, 'never the client'],
    ['it is made now: it may be deleted', {}, 'delete the client at Qlik'],
  ])('is no lost one where no hint is free, and %s', async (_why, more, hint) => {
    const { adoption, context, committed } = adoptionAndContext(['a', 'b', 'c', 'd'], async (beforeSend) => {
      await beforeSend();
      return { hint: 'a' };
    });
    const knownHints = ['a', 'b', 'c', 'd'];
    const scene = { ...lost, ...more, mints: 0, unsure: false, knownHints };
    const client = clientWith(knownHints);
    const secrets = client.clientSecrets ?? [];
    await expect(adoption.mint(context, target, client, scene, secrets)).rejects.toMatchObject({
      failure: { kind: 'attention', error: { code: 'HINT_COLLISION', hint: expect.stringContaining(hint) } },
    });
    expect(committed.at(-1)).toMatchObject({ phase: 'minting', mints: 0, unsure: false, settled: true, knownHints });
  });
});
