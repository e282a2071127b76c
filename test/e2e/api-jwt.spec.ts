import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPair, type JWTPayload } from 'jose';
import { AUDIENCE, type TokenChanges, TokenIssuer } from '../token-issuer.js';
import { type ApiUnderTest, newCustomer, startApiUnderTest } from './api-under-test.js';

let issuer: TokenIssuer;
let api: ApiUnderTest;

beforeAll(async () => {
  issuer = await TokenIssuer.start('/realms/oem');
  api = await startApiUnderTest({ JWT_ISSUER: issuer.url, JWT_AUDIENCE: AUDIENCE });
});
afterAll(async () => {
  await api.close();
  await issuer.close();
});

const callWith = (token: string, path = '/v1/runs') => api.call('GET', path, { key: token });
const auditOf = async (actor: string) => {
  const path = `/v1/audit-events?chain=system&action=access.refused&actor=${encodeURIComponent(actor)}`;
  return (await api.call<{ events: { subject: object; data: Record<string, unknown> }[] }>('GET', path)).body.events;
};

describe('an access token', () => {
  it.each<[string, JWTPayload, TokenChanges?]>([
    ['"scope"', { scope: 'openid runs:read' }],
    ['"scp"', { scp: ['runs:read'] }],
    ['a client id in place of a subject', { scope: 'runs:read', sub: undefined, client_id: 'crm' }],
    ['several audiences', { scope: 'runs:read', aud: ['other', AUDIENCE] }],
    ['the type JWT', { scope: 'runs:read' }, { header: { typ: 'JWT' } }],
    ['the type in full', { scope: 'runs:read' }, { header: { typ: 'application/at+jwt' } }],
    ['no type', { scope: 'runs:read' }, { header: { typ: undefined } }],
  ])('with %s lets its holder in', async (_what, claims, ...changes) => {
    expect((await callWith(await issuer.sign(claims, ...changes))).status).toBe(200);
  });

  it('is named in the audit trail and the log by its issuer and subject, and is in neither itself', async () => {
    const token = await issuer.sign({ scope: 'customers:write', sub: 'signup' });
    const created = await api.call<{ customer: { id: string } }>('POST', '/v1/customers', {
      key: token,
      body: newCustomer(),
      headers: { 'idempotency-key': 'by-token' },
    });
    expect(created.status).toBe(202);
    const events = await api.call('GET', `/v1/audit-events?customerId=${created.body.customer.id}`);
    expect(events.body).toMatchObject({
      events: expect.arrayContaining([
        expect.objectContaining({ action: 'customer.accepted', actor: `jwt:${issuer.url}#signup` }),
      ]),
    });
    expect(api.logged()).toContain(`"callerId":"jwt:${issuer.url}#signup"`);
    for (const part of token.split('.').slice(1)) expect(api.logged()).not.toContain(part);
  });

  it('has its own idempotency keys: those of another caller are not its', async () => {
    const headers = { 'idempotency-key': 'whose' };
    const [one, other] = [newCustomer(), newCustomer()];
    const token = await issuer.sign({ scope: 'customers:write' });
    expect((await api.call('POST', '/v1/customers', { body: one, headers })).status).toBe(202);
    expect((await api.call('POST', '/v1/customers', { key: token, body: other, headers })).status).toBe(202);
  });

  it('without the scope is refused with 403, and audited each time', async () => {
    const token = await issuer.sign({ scope: 'customers:read openid', sub: 'narrow' });
    for (let n = 0; n < 2; n++) {
      expect(await callWith(token)).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING', scope: 'runs:read' } });
    }
    const actor = `jwt:${issuer.url}#narrow`;
    const events = await auditOf(actor);
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({
      subject: { callerId: actor },
      data: { code: 'SCOPE_MISSING', scope: 'runs:read', operation: 'GET /v1/runs' },
    });
  });

  it('without any scope is a caller that may do nothing', async () => {
    expect(await callWith(await issuer.sign({ sub: 'bare' }))).toMatchObject({ status: 403 });
  });
});

describe('a token that is not for us', () => {
  const good = { scope: 'runs:read' };
  const refuse = async (token: string, code = 'JWT_INVALID') => {
    const answer = await callWith(token);
    expect(answer).toMatchObject({ status: 401, body: { code, status: 401 } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    return answer.body.detail;
  };

  it.each<[string, JWTPayload, TokenChanges, string]>([
    ['of another issuer', { iss: 'https://login.example' }, {}, 'another issuer'],
    ['for another audience', { aud: 'https://other.example' }, {}, `audience is "${AUDIENCE}"`],
    ['for no audience', { aud: undefined }, {}, 'audience'],
    ['without an end', {}, { expiresInSeconds: null }, '"exp"'],
    ['whose end is no number', { exp: 'never' as never }, { expiresInSeconds: null }, '"exp"'],
    ['that begins later', { nbf: Math.floor(Date.now() / 1000) + 3600 }, {}, 'not valid yet'],
    ['of another kind', {}, { header: { typ: 'logout+jwt' } }, 'another kind'],
    ['bound to a key', { cnf: { jkt: 'x' } }, {}, '"cnf"'],
    ['of nobody', { sub: undefined }, {}, '"sub"'],
    ['with an unknown key', {}, { header: { kid: 'unknown' } }, 'key that the issuer publishes'],
  ])('is refused: %s', async (_what, claims, changes, says) => {
    expect(await refuse(await issuer.sign({ ...good, ...claims }, changes))).toContain(says);
  });

  it('is refused: of an issuer that is called almost the same', async () => {
    expect(await refuse(await issuer.sign({ ...good, iss: `${issuer.url}/` }))).toContain('another issuer');
  });

  it('is refused: expired', async () => {
    const token = await issuer.sign({ ...good, sub: 'late' }, { expiresInSeconds: -10 });
    expect(await refuse(token, 'JWT_EXPIRED')).toMatch(/expired at \d{4}-.*Z/);
  });

  it('is refused: unsigned', async () => {
    const [header, payload] = [
      { alg: 'none', typ: 'at+jwt' },
      { ...good, iss: issuer.url, aud: AUDIENCE, sub: 'crm' },
    ];
    const exp = Math.floor(Date.now() / 1000) + 300;
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    for (const alg of ['none', 'None', 'NONE', '']) {
      await refuse(`${encode({ ...header, alg })}.${encode({ ...payload, exp })}.`);
    }
    expect(await refuse(`${encode(header)}.${encode({ ...payload, exp })}.`)).toContain('RS256');
  });

  it("is refused: signed with the issuer's public key as if it were a shared secret", async () => {
    const key = new TextEncoder().encode(await issuer.publicKeyAsText());
    expect(await refuse(await issuer.sign(good, { key, header: { alg: 'HS256' } }))).toContain('RS256');
  });

  it("is refused: signed by somebody else under the name of the issuer's key", async () => {
    const { privateKey } = await generateKeyPair('RS256');
    expect(await refuse(await issuer.sign(good, { key: privateKey }))).toContain('signature');
  });

  it('is refused: an algorithm that is not pinned, though the key fits', async () => {
    const { privateKey } = await generateKeyPair('RS512');
    expect(await refuse(await issuer.sign(good, { key: privateKey, header: { alg: 'RS512' } }))).toContain('RS256');
  });

  it('is refused: changed after it was signed', async () => {
    const [header, , signature] = (await issuer.sign(good)).split('.');
    const [, payload] = (await issuer.sign({ scope: 'audit:read' })).split('.');
    expect(await refuse(`${header}.${payload}.${signature}`)).toContain('signature');
  });

  it.each(['a.b.c', 'a.b.', `${'x'.repeat(9000)}.b.c`, '..', 'eyJhbGciOiJSUzI1NiJ9.e30.'])(
    'is refused: %.20s',
    async (text) => {
      const answer = await callWith(text);
      expect(answer.status).toBe(401);
      expect(answer.body.code).toMatch(/^(JWT_INVALID|API_KEY_MALFORMED)$/);
    },
  );

  it('is audited if its issuer signed it: once a minute for each holder, with the number left out; else not at all', async () => {
    const before = (await auditOf('anonymous')).length;
    const late = await issuer.sign({ ...good, sub: 'repeats' }, { expiresInSeconds: -10 });
    for (let n = 0; n < 3; n++) await refuse(late, 'JWT_EXPIRED');
    await refuse(await issuer.sign({ ...good, sub: 'repeats' }, { key: (await generateKeyPair('RS256')).privateKey }));
    const actor = `jwt:${issuer.url}#repeats`;
    expect(await auditOf(actor)).toMatchObject([
      { subject: { callerId: actor }, data: { code: 'JWT_EXPIRED', operation: 'GET /v1/runs', unrecorded: 0 } },
    ]);
    expect(await auditOf('anonymous')).toHaveLength(before);
  });
});

describe('API keys and tokens', () => {
  it('are both taken', async () => expect((await api.call('GET', '/v1/runs')).status).toBe(200));
});

describe('the API', () => {
  it('answers 503 with Retry-After while the keys of the issuer cannot be read; API keys go on working', async () => {
    const away = await TokenIssuer.start();
    away.isDown = true;
    const other = await startApiUnderTest({ JWT_ISSUER: away.url, JWT_AUDIENCE: AUDIENCE });
    try {
      const answer = await other.call('GET', '/v1/runs', { key: await away.sign({ scope: 'runs:read' }) });
      expect(answer).toMatchObject({ status: 503, body: { code: 'JWT_KEYS_UNAVAILABLE' } });
      expect(answer.headers.get('retry-after')).toBe('5');
      expect((await other.call('GET', '/v1/runs')).status).toBe(200);
      expect((await other.call('GET', '/readyz')).status).toBe(200);
    } finally {
      await other.close();
      await away.close();
    }
  });

  it('that has no issuer refuses a token with a sentence', async () => {
    const other = await startApiUnderTest();
    try {
      const answer = await other.call('GET', '/v1/runs', { key: await issuer.sign({ scope: 'runs:read' }) });
      expect(answer).toMatchObject({ status: 401, body: { code: 'JWT_NOT_CONFIGURED' } });
      expect(answer.body.detail).toContain('JWT_ISSUER');
    } finally {
      await other.close();
    }
  });
});
