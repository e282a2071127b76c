import { describe, expect, it } from '@jest/globals';
import { changedFields, clientFieldsOf } from './customer-changes.js';

const stored = {
  id: 'c1',
  state: 'ready' as const,
  name: 'Acme',
  tenantHost: 'acme.eu.qlikcloud.com',
  redirectUris: ['https://a.example', 'https://b.example'],
  allowedOrigins: [],
  scopes: ['user_default'],
  verificationUser: null,
  rotation: { intervalSeconds: 60, force: true },
  metadata: { b: '2', a: '1' },
  nextRotationAt: null,
};

describe('changedFields', () => {
  it('names what differs, and nothing that is equal or left out', () => {
    const equal = { name: 'Acme', verificationUser: null, metadata: { a: '1', b: '2' }, scopes: undefined };
    expect(changedFields(stored, { ...equal, redirectUris: [...stored.redirectUris] })).toEqual([]);
    expect(changedFields(stored, { ...equal, name: 'Acme Inc.', scopes: [] })).toEqual(['name', 'scopes']);
  });

  it('takes a member that is not there for one that is left out', () => {
    const rotation = { intervalSeconds: 60, force: true, graceSeconds: undefined };
    expect(changedFields(stored, { rotation })).toEqual([]);
    expect(changedFields(stored, { rotation: { intervalSeconds: 60 } })).toEqual(['rotation']);
    expect(changedFields(stored, { rotation: null })).toEqual(['rotation']);
  });

  it('heeds the order of a list, which people read', () => {
    expect(changedFields(stored, { redirectUris: [...stored.redirectUris].reverse() })).toEqual(['redirectUris']);
  });
});

describe('clientFieldsOf', () => {
  it('keeps what Qlik must know', () => {
    expect(clientFieldsOf(['name', 'scopes', 'tenantHost', 'redirectUris'])).toEqual(['redirectUris', 'scopes']);
  });
});
