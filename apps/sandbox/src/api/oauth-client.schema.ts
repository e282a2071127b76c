import { z } from 'zod';
import { publicKeySchema } from './public-key.schema.js';

/** The grant that lets a client act as a user of the tenant (qlik.dev, OAuth user impersonation). */
export const impersonationGrant = 'urn:qlik:oauth:user-impersonation';

const uri = z
  .string()
  .max(2048)
  .refine((value) => value === '' || URL.canParse(value), { error: 'is not a URI' });

const unique = (values: string[]) => new Set(values).size === values.length;

const redirectUri = z.string().max(256).refine(isSecureUri, { error: 'must be https, or http on localhost' });
const origin = z
  .string()
  .max(256)
  .refine((value) => isSecureUri(value) && new URL(value).origin === value, { error: 'is not an https origin' });

const shape = {
  clientName: z.string().min(1).max(512),
  description: z.string().max(4096).default(''),
  clientUri: uri.default(''),
  logoUri: uri.default(''),
  redirectUris: z.array(redirectUri).max(5).refine(unique, { error: 'must not repeat' }).default([]),
  allowedOrigins: z.array(origin).max(5).refine(unique, { error: 'must not repeat' }).optional(),
  allowedScopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, { error: 'is not a scope of at most 256 characters' }))
    .refine(unique, { error: 'must not repeat' })
    .default([]),
  allowedGrantTypes: z
    .array(z.enum(['client_credentials', impersonationGrant]))
    .refine(unique, { error: 'must not repeat' })
    .default([]),
  allowedAuthMethods: z
    .array(z.enum(['client_secret', 'private_key_jwt']))
    .refine(unique, { error: 'must not repeat' })
    .default(['client_secret']),
  publicKeys: z.array(publicKeySchema).optional(),
};

const fields = z.strictObject({ appType: z.enum(['web', 'native', 'spa', 'anonymous-embed']), ...shape });

/** Every field of a client that its owner chooses, with the limits of Qlik's schema and its rules across fields. */
export const clientFieldsSchema = fields.superRefine(checkAcrossFields);

/** The chosen fields of a client, defaults filled in. */
export type ClientFields = z.infer<typeof fields>;

/** The body of a create: the fields, and consent given in the same call; anything else is refused by name. */
export const createClientSchema = fields
  .extend({ connectionConfig: z.strictObject({ consentMethod: z.literal('trusted').optional() }).optional() })
  .superRefine(checkAcrossFields);

function checkAcrossFields(client: ClientFields, context: z.RefinementCtx): void {
  const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  if (client.appType !== 'web' && client.allowedGrantTypes.length > 0) {
    refuse('allowedGrantTypes', "is only for appType 'web'");
  }
  if (client.allowedOrigins !== undefined && client.appType !== 'spa' && client.appType !== 'web') {
    refuse('allowedOrigins', "is only for appType 'spa'");
  }
  const keys = client.publicKeys ?? [];
  if (client.allowedAuthMethods.includes('private_key_jwt') && keys.length === 0) {
    refuse('publicKeys', 'is required for private_key_jwt');
  }
  if (!unique(keys.map((key) => key.kid))) refuse('publicKeys', 'must not repeat a kid');
}

function isSecureUri(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, hash } = new URL(value);
  const local = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  return hash === '' && (protocol === 'https:' || (protocol === 'http:' && local));
}
