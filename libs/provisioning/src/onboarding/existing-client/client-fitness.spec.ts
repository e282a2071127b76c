import { describe, expect, it } from '@jest/globals';
import { IMPERSONATION_GRANTS, type OAuthClient } from '@app/qlik';
import fc from 'fast-check';
import type { WantedSettings } from '../../client-settings.js';
import { judgeClient } from './client-fitness.js';

const wanted: WantedSettings = {
  scopes: ['user_default'],
  redirectUris: ['https://app.example/a'],
  allowedOrigins: ['https://app.example'],
};

const clientWith = (changes: Partial<OAuthClient> = {}): OAuthClient => ({
  ...{ clientId: 'c1', clientName: 'portal', appType: 'web', createdAt: '2026-11-22T10:00:00Z' },
  ...{ allowedGrantTypes: [...IMPERSONATION_GRANTS], allowedScopes: ['user_default'] },
  ...{ redirectUris: ['https://app.example/a'], allowedOrigins: ['https://app.example'] },
  ...changes,
});

const nothing = { grants: [], scopes: [], redirectUris: [], allowedOrigins: [] };

describe('judgeClient', () => {
  it('changes nothing of a client that has what is wanted', () => {
    expect(judgeClient(clientWith(), wanted)).toEqual({ kind: 'usable', changes: {}, found: nothing });
  });

  it('adds what is missing behind what is there', () => {
    const client = clientWith({
      ...{ allowedGrantTypes: ['authorization_code', 'client_credentials'], allowedScopes: ['apps:read'] },
      ...{ redirectUris: undefined, allowedOrigins: [] },
    });
    expect(judgeClient(client, wanted)).toEqual({
      kind: 'usable',
      changes: {
        allowedGrantTypes: ['authorization_code', ...IMPERSONATION_GRANTS],
        allowedScopes: ['apps:read', 'user_default'],
        redirectUris: ['https://app.example/a'],
        allowedOrigins: ['https://app.example'],
      },
      found: { ...nothing, grants: ['authorization_code'], scopes: ['apps:read'] },
    });
  });

  it.each<[string, Partial<OAuthClient>]>([
    ['appType', { appType: 'spa' }],
    ['disableTag', { disableTag: 'by an administrator' }],
    ['allowedAuthMethods', { allowedAuthMethods: ['private_key_jwt'] }],
  ])('refuses a client for its %s, which it names', (field, changes) => {
    expect(judgeClient(clientWith(changes), wanted)).toMatchObject({
      kind: 'unusable',
      error: { code: 'EXISTING_CLIENT_UNUSABLE', message: expect.stringContaining(field) },
    });
  });

  it('takes a client that does not show how it authenticates, or that may do so by secret', () => {
    expect(judgeClient(clientWith({ allowedAuthMethods: undefined }), wanted).kind).toBe('usable');
    expect(judgeClient(clientWith({ allowedAuthMethods: ['private_key_jwt', 'client_secret'] }), wanted).kind).toBe(
      'usable',
    );
  });

  it('takes nothing away, repeats nothing, and finds nothing to change the second time', () => {
    const list = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
    const settings = fc.record({ scopes: list, redirectUris: list, allowedOrigins: list });
    fc.assert(
      fc.property(settings, settings, (asked, had) => {
        const client = clientWith({ ...had, allowedScopes: had.scopes });
        const fitness = judgeClient(client, asked);
        if (fitness.kind !== 'usable') throw new Error('It was to be usable.');
        for (const [setting, value] of Object.entries(fitness.changes) as [keyof OAuthClient, string[]][]) {
          expect(value).toEqual(expect.arrayContaining(client[setting] as string[]));
          expect(new Set(value).size).toBe(value.length);
        }
        const again = judgeClient({ ...client, ...fitness.changes }, asked);
        expect(again).toEqual({ kind: 'usable', changes: {}, found: fitness.found });
      }),
    );
  });
});
