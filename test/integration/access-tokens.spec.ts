import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AccessTokens } from '@app/access';
import { exportJWK, generateKeyPair } from 'jose';
import { AUDIENCE, TokenIssuer } from '../token-issuer.js';

const realNow = Date.now.bind(Date);

let issuer: TokenIssuer;
let laterMs: number;
let warnings: unknown[];

beforeEach(async () => {
  issuer = await TokenIssuer.start();
  laterMs = 0;
  warnings = [];
  // The ages of keys are counted by this clock, by jose as well.
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + laterMs);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await issuer.close();
});

const open = (more: { jwksUrl?: URL; httpsOnly?: boolean; issuer?: string } = {}) =>
  new AccessTokens(
    { issuer: issuer.url, audience: AUDIENCE, algorithms: ['RS256'], httpsOnly: false, ...more },
    { warn: (...args: unknown[]) => void warnings.push(args) },
    () => new Date(Date.now()),
  );

const unavailable = { kind: 'unavailable', code: 'JWT_KEYS_UNAVAILABLE', retryAfterSeconds: 5 };

const publishSecond = async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  issuer.publish([{ ...(await exportJWK(publicKey)), kid: 'second', alg: 'RS256' }]);
  return issuer.sign({}, { key: privateKey, header: { kid: 'second' } });
};

describe("the issuer's keys", () => {
  it('are looked for in its metadata of RFC 8414, once for many tokens at a time', async () => {
    const tokens = open();
    const token = await issuer.sign();
    expect((await Promise.all([1, 2, 3].map(() => tokens.authenticate(token)))).map(({ name }) => name)).toEqual([
      'crm',
      'crm',
      'crm',
    ]);
    await tokens.authenticate(token);
    expect(issuer.asked).toEqual(['/.well-known/oauth-authorization-server', '/keys']);
  });

  it('are else looked for in those of OpenID Connect', async () => {
    issuer.documents.delete('/.well-known/oauth-authorization-server');
    await open().authenticate(await issuer.sign());
    expect(issuer.asked).toContain('/.well-known/openid-configuration');
  });

  it('are looked for where each document puts the path of the issuer', async () => {
    await issuer.close();
    issuer = await TokenIssuer.start('/realms/oem');
    issuer.documents.delete('/.well-known/oauth-authorization-server/realms/oem');
    await open().authenticate(await issuer.sign());
    expect(issuer.asked).toEqual([
      '/.well-known/oauth-authorization-server/realms/oem',
      '/realms/oem/.well-known/openid-configuration',
      '/keys',
    ]);
  });

  it('are read where the settings say, and then no metadata', async () => {
    await open({ jwksUrl: new URL('/keys', issuer.url) }).authenticate(await issuer.sign());
    expect(issuer.asked).toEqual(['/keys']);
  });

  it.each<[string, () => void]>([
    [
      'another issuer',
      () =>
        issuer.documents.set('/.well-known/oauth-authorization-server', {
          issuer: 'https://login.example',
          jwks_uri: `${issuer.url}/keys`,
        }),
    ],
    ['no place of keys', () => issuer.documents.set('/.well-known/oauth-authorization-server', { issuer: issuer.url })],
    ['nothing', () => issuer.documents.clear()],
  ])('are not taken from metadata that name %s', async (_what, change) => {
    change();
    await expect(open().authenticate(await issuer.sign())).rejects.toMatchObject(unavailable);
    expect(issuer.asked).not.toContain('/keys');
  });

  it('are not read without https where that is demanded', async () => {
    await expect(open({ httpsOnly: true }).authenticate(await issuer.sign())).rejects.toMatchObject(unavailable);
    expect(issuer.asked).not.toContain('/keys');
  });

  it('that cannot be read are asked for again after five seconds, and not at every request until then', async () => {
    issuer.isDown = true;
    const tokens = open();
    const token = await issuer.sign();
    await expect(tokens.authenticate(token)).rejects.toMatchObject(unavailable);
    const asked = issuer.asked.length;
    issuer.isDown = false;
    laterMs += 4_000;
    await expect(tokens.authenticate(token)).rejects.toMatchObject(unavailable);
    expect(issuer.asked).toHaveLength(asked);
    laterMs += 1_001;
    expect((await tokens.authenticate(token)).name).toBe('crm');
  });

  it('that are new are found at their first token, but nobody makes us look more often than every 30 seconds', async () => {
    const tokens = open();
    await tokens.authenticate(await issuer.sign());
    const second = await publishSecond();
    await expect(tokens.authenticate(second)).rejects.toMatchObject({ code: 'JWT_INVALID' });
    expect(issuer.asked.filter((path) => path === '/keys')).toHaveLength(1);
    laterMs += 30_001;
    expect((await tokens.authenticate(second)).name).toBe('crm');
  });

  it('that were withdrawn are forgotten within ten minutes, and no request waits for that', async () => {
    const tokens = open();
    await tokens.authenticate(await issuer.sign());
    await publishSecond();
    laterMs += 600_001;
    const answered = new Promise<void>((resolve) => {
      issuer.onceAsked('/keys', resolve);
    });
    const first = await issuer.sign();
    expect((await tokens.authenticate(first)).name).toBe('crm');
    await answered;
    await expect(refusedAtLast(tokens, first)).resolves.toBe('JWT_INVALID');
  });

  it('that were withdrawn are refused at the first token after twenty minutes: that one waits for what is published', async () => {
    const tokens = open();
    await tokens.authenticate(await issuer.sign());
    await publishSecond();
    laterMs += 1_200_001;
    await expect(tokens.authenticate(await issuer.sign())).rejects.toMatchObject({ code: 'JWT_INVALID' });
    expect(issuer.asked.filter((path) => path === '/keys')).toHaveLength(2);
  });

  it('that moved are found by the metadata again, once those at hand are good no longer', async () => {
    const tokens = open();
    await tokens.authenticate(await issuer.sign());
    issuer.moveKeys('/new-keys');
    laterMs += 3_600_001;
    await expect(tokens.authenticate(await issuer.sign())).rejects.toMatchObject(unavailable);
    laterMs += 5_000;
    expect((await tokens.authenticate(await issuer.sign())).name).toBe('crm');
    expect(issuer.asked.at(-1)).toBe('/new-keys');
  });

  it('stay good for an hour while they cannot be read again', async () => {
    const tokens = open();
    await tokens.authenticate(await issuer.sign());
    issuer.isDown = true;
    laterMs += 3_599_000;
    expect((await tokens.authenticate(await issuer.sign())).name).toBe('crm');
    laterMs += 2_000;
    await expect(tokens.authenticate(await issuer.sign())).rejects.toMatchObject(unavailable);
    issuer.isDown = false;
    laterMs += 5_000;
    expect((await tokens.authenticate(await issuer.sign())).name).toBe('crm');
    expect(warnings).toEqual([[expect.objectContaining({ issuer: issuer.url }), expect.any(String)]]);
  });

  it('at hand stay good while others are looked for in vain, which is not at every token', async () => {
    const tokens = open();
    const known = await issuer.sign();
    await tokens.authenticate(known);
    const second = await publishSecond();
    issuer.isDown = true;
    laterMs += 30_001;
    await expect(tokens.authenticate(second)).rejects.toMatchObject(unavailable);
    const asked = issuer.asked.length;
    issuer.isDown = false;
    laterMs += 4_000;
    await expect(tokens.authenticate(second)).rejects.toMatchObject(unavailable);
    expect((await tokens.authenticate(known)).name).toBe('crm');
    expect(issuer.asked).toHaveLength(asked);
    // That it was refused meanwhile makes nobody wait longer.
    laterMs += 1_001;
    expect((await tokens.authenticate(second)).name).toBe('crm');
  });
});

describe('a token that its issuer signed', () => {
  it.each([
    ['before all calendars', -1e300],
    ['in the past', 1_000_000_000],
  ])('is refused when it expired %s', async (_when, exp) => {
    await expect(open().authenticate(await issuer.sign({ exp }))).rejects.toMatchObject({
      code: 'JWT_EXPIRED',
      callerId: expect.any(String),
    });
  });

  it('is refused when it is valid only after all calendars', async () => {
    await expect(open().authenticate(await issuer.sign({ nbf: 1e300 }))).rejects.toMatchObject({ code: 'JWT_INVALID' });
  });
});

/** Why the token is refused once it is: what was read behind a request is used a moment after the answer arrived. */
async function refusedAtLast(tokens: AccessTokens, token: string): Promise<unknown> {
  for (;;) {
    try {
      await tokens.authenticate(token);
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  }
}
