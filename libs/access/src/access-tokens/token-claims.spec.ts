import { describe, expect, it } from '@jest/globals';
import { callerOf } from './token-claims.js';

const ISSUER = 'https://login.example/';
const idOf = (sub: string) => callerOf({ sub }, ISSUER)!.id;

describe('the caller that a token names', () => {
  it('is its subject, at its issuer', () => {
    expect(callerOf({ sub: 'crm', client_id: 'other' }, ISSUER)).toEqual({
      kind: 'jwt',
      id: 'jwt:https://login.example/#crm',
      name: 'crm',
      scopes: [],
      actor: 'jwt:https://login.example/#crm',
    });
  });

  it('is the client where there is no subject', () => {
    expect(callerOf({ client_id: 'crm' }, ISSUER)!.id).toBe('jwt:https://login.example/#crm');
  });

  it.each([{}, { sub: '' }, { client_id: 7 }])('is nobody in %j', (payload) => {
    expect(callerOf(payload, ISSUER)).toBeUndefined();
  });

  it.each(['x'.repeat(500), 'a\nb', 'Zoë', 'a b', '\u0000', 'sha256=abc'])(
    'is told by a hash where %j could not stand in an audit event, or for another one',
    (sub) => {
      expect(idOf(sub)).toMatch(/^jwt:https:\/\/login\.example\/#sha256=[\w-]{43}$/);
      expect(idOf(sub)).not.toBe(idOf(`${sub}.`));
    },
  );

  it('fits an audit event whatever the subject', () => {
    const issuer = `https://${'i'.repeat(112)}`;
    for (const length of [1, 74, 75, 76, 100, 1000]) {
      expect(callerOf({ sub: 's'.repeat(length) }, issuer)!.id.length).toBeLessThanOrEqual(200);
    }
  });
});

describe('the scopes of a token', () => {
  it.each<[object, string[]]>([
    [{ scope: 'runs:read customers:read' }, ['runs:read', 'customers:read']],
    [{ scp: ['runs:read', 'openid'] }, ['runs:read']],
    [{ scp: 'runs:read' }, ['runs:read']],
    [{ scope: 'runs:read', scp: ['runs:read', 'audit:read'] }, ['runs:read', 'audit:read']],
    [{ scope: 'RUNS:READ runs:read2 constructor' }, []],
    [{ scope: 7, scp: [7, null, { runs: 'read' }] }, []],
    [{}, []],
  ])('%j are %j', (claims, scopes) => expect(callerOf({ sub: 'crm', ...claims }, ISSUER)!.scopes).toEqual(scopes));
});
