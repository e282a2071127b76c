import { ConfigurationError } from '@app/platform';
import { z } from 'zod';
import type { AccessTokenOptions } from './access-tokens.js';

/** Algorithms with a public key (RFC 7518, RFC 8037, RFC 9864). None with a shared secret: who checks a token could then make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** The settings of a process that takes OAuth2 access tokens (RFC 9068): none of them, or `JWT_ISSUER` and `JWT_AUDIENCE` at least. */
export const jwtSettings = {
  /** The `iss` of the tokens, exactly; its length is bounded because audit events name callers by it. */
  JWT_ISSUER: z.string().max(120, 'must have at most 120 characters').optional(),
  /** What the tokens' `aud` must hold. */
  JWT_AUDIENCE: z.string().max(200, 'must have at most 200 characters').optional(),
  /** Where the issuer publishes its keys; by default its metadata says so (RFC 8414, OpenID Connect Discovery). */
  JWT_JWKS_URL: z.url({ protocol: /^https?$/, error: 'must be a URL with https or http' }).optional(),
  JWT_ALGORITHMS: z
    .string()
    .default('RS256,PS256,ES256,EdDSA')
    .transform((text) => text.split(',').map((name) => name.trim()))
    .refine(
      (names) => names.every((name) => ALGORITHMS.includes(name)),
      `must be of ${ALGORITHMS.join(', ')}, separated by commas`,
    ),
};

/** The parsed `jwtSettings`, and in which environment they are used. */
export interface JwtConfig {
  NODE_ENV: 'development' | 'test' | 'production';
  JWT_ISSUER?: string | undefined;
  JWT_AUDIENCE?: string | undefined;
  JWT_JWKS_URL?: string | undefined;
  JWT_ALGORITHMS: string[];
}

/** Whose tokens are taken; undefined where none are. Throws ConfigurationError for half a configuration, and in production for one without https. */
export function readAccessTokenOptions(config: JwtConfig): AccessTokenOptions | undefined {
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: jwksUrl, JWT_ALGORITHMS: algorithms } = config;
  if (issuer === undefined && audience === undefined && jwksUrl === undefined) return undefined;
  if (issuer === undefined) throw unusable('JWT_ISSUER: is missing; the other settings of JWTs need it');
  if (audience === undefined) throw unusable('JWT_AUDIENCE: is missing; JWT_ISSUER needs it');
  if (jwksUrl === undefined && !/^https?:$/.test(URL.parse(issuer)?.protocol ?? '')) {
    throw unusable('JWT_ISSUER: must be a URL with https, or JWT_JWKS_URL must say where its keys are');
  }
  const httpsOnly = config.NODE_ENV === 'production';
  const source = jwksUrl === undefined ? ['JWT_ISSUER', issuer] : ['JWT_JWKS_URL', jwksUrl];
  if (httpsOnly && !source[1]!.startsWith('https://')) throw unusable(`${source[0]}: must be a URL with https`);
  return { issuer, audience, algorithms, httpsOnly, ...(jwksUrl === undefined ? {} : { jwksUrl: new URL(jwksUrl) }) };
}

function unusable(line: string): ConfigurationError {
  return new ConfigurationError(`The configuration is not usable.\n  ${line}`);
}
