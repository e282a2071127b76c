import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import type { PublicKey } from '../api/public-key.schema.js';

const headerSchema = z.object({ alg: z.string(), kid: z.string() });
const claimsSchema = z.object({ iss: z.string(), sub: z.string(), exp: z.number(), iat: z.number().optional() });

const longestSeconds = 300;
const digests = { RS256: 'sha256', RS512: 'sha512', ES384: 'sha384' } as const;

/** Whether a client assertion (RFC 7523) authenticates the client now: signed by the key its `kid` names, `iss` and `sub` the client, at most 5 minutes long. */
export function acceptsAssertion(assertion: string, clientId: string, keys: PublicKey[], now: number): boolean {
  const [head, payload, signature, rest] = assertion.split('.');
  if (head === undefined || payload === undefined || signature === undefined || rest !== undefined) return false;
  const header = headerSchema.safeParse(decode(head));
  const claims = claimsSchema.safeParse(decode(payload));
  if (!header.success || !claims.success) return false;
  const { iss, sub, exp, iat } = claims.data;
  const seconds = now / 1000;
  if (iss !== clientId || sub !== clientId || exp <= seconds) return false;
  if (exp - Math.min(iat ?? seconds, seconds) > longestSeconds) return false;
  const key = keys.find((candidate) => candidate.kid === header.data.kid && candidate.alg === header.data.alg);
  if (key === undefined) return false;
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const signed = Buffer.from(`${head}.${payload}`);
  return verify(
    digests[key.alg],
    signed,
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown;
  } catch {
    return undefined;
  }
}
