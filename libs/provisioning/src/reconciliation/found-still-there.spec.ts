import { describe, expect, it } from '@jest/globals';
import type { OAuthClient } from '@app/qlik';
import { foundStillThere } from './found-still-there.js';

const found = {
  ...{ hints: ['abcde'], grants: ['authorization_code'], scopes: ['apps:read', 'admin.users'] },
  ...{ redirectUris: ['https://old.example/'], allowedOrigins: ['https://old.example'] },
};
const wanted = { scopes: ['user_default'], redirectUris: [], allowedOrigins: [] };
const client: OAuthClient = {
  ...{ clientId: 'c1', clientName: 'portal', appType: 'web', createdAt: '2026-11-22T10:00:00Z' },
  ...{ allowedGrantTypes: ['client_credentials', 'authorization_code'], allowedScopes: ['apps:read', 'admin.users'] },
  ...{ redirectUris: ['https://old.example/'], allowedOrigins: ['https://old.example'] },
};

describe('foundStillThere', () => {
  it('is all of it as long as nobody has touched it', () => {
    expect(foundStillThere(found, client, wanted)).toEqual(found);
  });

  it('is without what somebody took away, or what the tenant does not show', () => {
    const changed = { ...client, allowedScopes: ['apps:read'], redirectUris: undefined };
    expect(foundStillThere(found, changed, wanted)).toEqual({ ...found, scopes: ['apps:read'], redirectUris: [] });
  });

  it('is without what is asked for by now', () => {
    const asked = { ...wanted, scopes: ['user_default', 'admin.users'] };
    expect(foundStillThere(found, client, asked).scopes).toEqual(['apps:read']);
  });
});
