import { beforeEach, describe, expect, it } from '@jest/globals';
import { inputOfNext } from '@app/customers';
import type { OAuthClientChanges } from '@app/qlik';
import { ReconciliationWalk, refuse, target, Tenant } from '../../testing/reconciliation-walk.js';

describe('a reconciliation of a customer that somebody changed', () => {
  let tenant: Tenant;
  beforeEach(() => {
    tenant = new Tenant();
  });

  const asked = (changed: string[], policy: 'repair' | 'raise' = 'raise') => {
    const run = new ReconciliationWalk(tenant, policy);
    run.input = { changed };
    return run;
  };
  const refusingOrigins = (write: OAuthClientChanges | 'trust') => {
    if (write !== 'trust' && write.allowedOrigins) throw refuse('QLIK_REFUSED', 'patch-oauth-client', 400);
    return undefined;
  };

  it.each(['repair', 'raise'] as const)('sets what was asked for, which is no drift (policy: %s)', async (policy) => {
    tenant.change({ allowedScopes: ['old'], redirectUris: undefined });
    const run = asked(['scopes', 'redirectUris', 'allowedOrigins'], policy);
    expect(await run.walk()).toBeUndefined();
    expect(tenant.writes).toEqual([{ allowedScopes: target.scopes, redirectUris: target.redirectUris }]);
    expect(run.events.map(({ action, data }) => [action, data])).toEqual([
      ['oauth_client.changed', { fields: 'scopes,redirectUris', warnings: '' }],
    ]);
    expect([run.intent, run.originsRefused]).toEqual([null, undefined]);
  });

  it('raises what else differs, where the policy says so, and leaves it', async () => {
    tenant.change({ allowedScopes: ['old'], clientName: 'theirs' });
    const run = asked(['scopes']);
    expect(await run.walk()).toMatchObject({ error: { message: expect.stringMatching(/: CLIENT_RENAMED\.$/) } });
    expect(tenant.writes).toEqual([{ allowedScopes: target.scopes }]);
    expect([run.told('drift.detected'), run.told('drift.repaired')]).toEqual([['CLIENT_RENAMED'], []]);
  });

  it('goes on without origins that the tenant refuses, and remembers that', async () => {
    tenant.change({ allowedScopes: ['old'], allowedOrigins: undefined });
    tenant.onWrite = refusingOrigins;
    const run = asked(['scopes', 'allowedOrigins']);
    expect(await run.walk()).toBeUndefined();
    expect(run.outputs['repair-client']).toMatchObject({ changed: ['scopes'], warnings: ['ORIGINS_NOT_SUPPORTED'] });
    expect([run.originsRefused, run.told('drift.detected')]).toEqual([true, []]);
  });

  it('sets origins that the tenant takes, though it shows none', async () => {
    tenant.change({ allowedOrigins: undefined });
    tenant.onWrite = () => 'ignored';
    const run = asked(['allowedOrigins']);
    expect(await run.walk()).toBeUndefined();
    expect([tenant.writes, run.originsRefused]).toEqual([[{ allowedOrigins: target.allowedOrigins }], false]);
  });

  it('asks a person about what Qlik refuses, which is drift from then on', async () => {
    tenant.change({ allowedScopes: ['old'], redirectUris: undefined });
    tenant.onWrite = () => {
      throw refuse('QLIK_REFUSED', 'patch-oauth-client', 400);
    };
    const run = asked(['scopes', 'redirectUris']);
    expect(await run.walk()).toMatchObject({ kind: 'attention', error: { qlik: { status: 400 } } });
    expect(run.told('oauth_client.changed')).toEqual([]);
    expect(run.told('drift.detected')).toEqual(['SCOPES_CHANGED', 'REDIRECT_URIS_CHANGED']);
    expect(inputOfNext(run).changed).toEqual([]);
  });

  it('sets it once a client that was disabled is enabled again', async () => {
    tenant.change({ allowedScopes: ['old'], disableTag: 'x' });
    const run = asked(['scopes']);
    await run.walk();
    expect([tenant.writes, run.told('drift.detected')]).toEqual([[], ['CLIENT_DISABLED']]);
    tenant.change({ disableTag: '' });
    expect(await run.beginAnew()).toBeUndefined();
    expect(tenant.writes).toEqual([{ allowedScopes: target.scopes }]);
    expect(run.told('drift.repaired')).toEqual(['CLIENT_DISABLED']);
  });

  it('audits a change whose process ended before it was committed', async () => {
    tenant.change({ allowedScopes: ['old'] });
    tenant.onWrite = () => 'ignored';
    const run = asked(['scopes']);
    await run.walk();
    tenant.onWrite = () => undefined;
    await run.crashIn('repair-client');
    expect(await run.walk('repair-client')).toBeUndefined();
    expect(run.events.map(({ action }) => action)).toEqual(['oauth_client.changed']);
  });
});
