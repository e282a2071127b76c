import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '@app/platform';
import { jwtSettings, readAccessTokenOptions } from './jwt.config.js';

type Environment = 'test' | 'production';

const read = (env: NodeJS.ProcessEnv, NODE_ENV: Environment = 'test') =>
  readAccessTokenOptions({ ...parseConfig(jwtSettings, env), NODE_ENV });

const JWT_ISSUER = 'https://login.example/';
const JWT_AUDIENCE = 'https://onboarding.example';

describe('the settings of access tokens', () => {
  it('are none by default', () => expect(read({})).toBeUndefined());

  it('pin algorithms with public keys', () => {
    expect(read({ JWT_ISSUER, JWT_AUDIENCE })).toEqual({
      issuer: JWT_ISSUER,
      audience: JWT_AUDIENCE,
      algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      httpsOnly: false,
    });
  });

  it('take an issuer that is no URL where they say where its keys are', () => {
    const env = { JWT_ISSUER: 'login', JWT_AUDIENCE, JWT_JWKS_URL: 'https://login.example/keys' };
    expect(read(env, 'production')).toMatchObject({ issuer: 'login', jwksUrl: new URL('https://login.example/keys') });
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['JWT_AUDIENCE: is missing', { JWT_ISSUER }],
    ['JWT_ISSUER: is missing', { JWT_AUDIENCE }],
    ['JWT_ISSUER: is missing', { JWT_JWKS_URL: 'https://login.example/keys' }],
    ['JWT_ISSUER: must be a URL', { JWT_ISSUER: 'login', JWT_AUDIENCE }],
    ['JWT_JWKS_URL: must be a URL', { JWT_ISSUER, JWT_AUDIENCE, JWT_JWKS_URL: 'file:///etc/keys' }],
    ['JWT_ALGORITHMS: must be of', { JWT_ISSUER, JWT_AUDIENCE, JWT_ALGORITHMS: 'RS256,HS256' }],
    ['JWT_ALGORITHMS: must be of', { JWT_ISSUER, JWT_AUDIENCE, JWT_ALGORITHMS: 'none' }],
    ['JWT_ALGORITHMS: must be of', { JWT_ISSUER, JWT_AUDIENCE, JWT_ALGORITHMS: 'rs256' }],
    ['JWT_ISSUER: must have at most', { JWT_ISSUER: `https://login.example/${'x'.repeat(120)}`, JWT_AUDIENCE }],
  ])('that cannot be are refused: %s in %j', (message, env) => {
    expect(() => read(env)).toThrow(message);
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['JWT_ISSUER: must be a URL with https', { JWT_ISSUER: 'http://login.example', JWT_AUDIENCE }],
    ['JWT_JWKS_URL: must be a URL with https', { JWT_ISSUER, JWT_AUDIENCE, JWT_JWKS_URL: 'http://login.example/keys' }],
  ])('without https are refused in production alone: %s', (message, env) => {
    expect(() => read(env, 'production')).toThrow(message);
    expect(read(env)).toMatchObject({ audience: JWT_AUDIENCE, httpsOnly: false });
  });
});
