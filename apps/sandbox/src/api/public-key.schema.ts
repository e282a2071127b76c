import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { z } from 'zod';

const coordinate = z.string().min(1).max(1024);

/** A JWK that verifies client assertions (qlik.dev, OAuth clients API, publicKeys). */
export const publicKeySchema = z
  .strictObject({
    kid: z.string().min(1).max(256),
    kty: z.enum(['RSA', 'EC']),
    use: z.literal('sig'),
    alg: z.enum(['RS256', 'RS512', 'ES384']),
    n: coordinate.optional(),
    e: coordinate.optional(),
    x: coordinate.optional(),
    y: coordinate.optional(),
    crv: z.literal('P-384').optional(),
  })
  .refine((key) => (key.alg === 'ES384') === (key.kty === 'EC'), { path: ['alg'], error: 'does not fit kty' })
  .refine(isUsable, { error: 'is not a key that can be read' });

/** One public key of a client. */
export type PublicKey = z.infer<typeof publicKeySchema>;

function isUsable(key: JsonWebKey): boolean {
  try {
    createPublicKey({ key, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}
