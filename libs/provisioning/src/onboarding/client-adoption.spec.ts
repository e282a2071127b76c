import { describe, expect, it } from '@jest/globals';
import { type OAuthClient, QlikError } from '@app/qlik';
import type { Intent, StepContext } from '@app/runs';
import type { CustomerTarget } from '../customer-targets.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { ClientAdoption } from './client-adoption.js';
import type { MintingIntent, PostingIntent } from './creation-intent.js';

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
const gone = new QlikError('CLIENT_NOT_FOUND', { operation: 'get-oauth-client', host: target.tenantHost });

/** An adoption at a tenant that has none of the clients it is asked for. */
function adoptionAndContext() {
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
    { get: () => Promise.reject(gone) } as never,
    { create: () => Promise.reject(gone) } as never,
    { ensureDataKey: () => Promise.resolve({}) } as never,
    settings,
    { reserve: () => Promise.resolve({}) } as never,
  );
  return { adoption, context, committed };
}

describe('a client that is gone when it is to be adopted', () => {
  const lookAgain = { phase: 'posting', clientName: 'name', posts: 1, unsure: true };
  const wait = { failure: { kind: 'wait-until', until: settings.settledAt(at), error: { code: 'CLIENT_NOT_FOUND' } } };

  it('is looked for again, though a list still showed it', async () => {
    const { adoption, context, committed } = adoptionAndContext();
    const listed = { clientId: 'gone', clientSecrets: [{ hint: 'a' }] } as OAuthClient;
    await expect(adoption.adopt(context, target, posting, listed)).rejects.toMatchObject(wait);
    expect(committed).toEqual([lookAgain]);
  });

  it('is looked for again, though a mint was begun', async () => {
    const { adoption, context, committed } = adoptionAndContext();
    await expect(adoption.goOn(context, target, minting)).rejects.toMatchObject(wait);
    expect(committed).toEqual([lookAgain]);
  });
});
