import {
  API_KEY_DEFAULT_OVERLAP_MS,
  API_KEY_MAX_LIFETIME_MS,
  API_KEY_MAX_OVERLAP_MS,
  type ApiKeyPage as Page,
  type CreatedApiKey as Created,
  isApiKeyName,
  type ListedApiKey,
  type ReplacingApiKey as Replacing,
  type Scope,
  scopes,
} from '@app/access';
import { z } from 'zod';
import { hasNoRepeats, instant, limit, REPEATS, saying } from '../schemas/text.schema.js';

const DEFAULT_LIFETIME_SECONDS = 90 * 86_400;

const scope = z.enum(Object.keys(scopes) as [Scope, ...Scope[]]);

const keyId = z.string().meta({ description: 'Of the key: no secret. The 12 characters after `tp_`.' });

/** When a new key ends. */
const expiry = {
  expiresAt: z.iso
    .datetime({ offset: true })
    .max(40)
    .optional()
    .meta({ description: 'When the key ends: at most 366 days from now.' }),
  expiresInSeconds: z
    .int()
    .min(1)
    .max(API_KEY_MAX_LIFETIME_MS / 1000)
    .optional()
    .meta({
      description: `The same from now on. Without either: ${DEFAULT_LIFETIME_SECONDS} seconds, which are 90 days.`,
    }),
};

const hasOneExpiry = (body: { expiresAt?: unknown; expiresInSeconds?: unknown }): boolean =>
  body.expiresAt === undefined || body.expiresInSeconds === undefined;
const oneExpiry = { error: 'give expiresAt or expiresInSeconds, not both', path: ['expiresInSeconds'] };

/** What somebody asks for who makes a key. */
export const NewApiKey = z
  .strictObject({
    name: saying(100)
      .refine(isApiKeyName, 'must be of printable characters')
      .meta({ description: 'The system that will use the key. Two active keys may have one name.' }),
    scopes: z
      .array(scope)
      .min(1)
      .max(Object.keys(scopes).length)
      .refine(hasNoRepeats, REPEATS)
      .meta({ description: 'What the key allows: scopes that you hold yourself. They never change.' }),
    ...expiry,
  })
  .refine(hasOneExpiry, oneExpiry)
  .meta({ id: 'NewApiKey' });
export type NewApiKey = z.output<typeof NewApiKey>;

/** How a key is to be replaced. */
export const NewApiKeyReplacement = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(API_KEY_MAX_OVERLAP_MS / 1000)
      .default(API_KEY_DEFAULT_OVERLAP_MS / 1000)
      .meta({ description: 'After which the old key ends, unless it ends before; 0 ends it at once.' }),
    ...expiry,
  })
  .refine(hasOneExpiry, oneExpiry)
  .meta({ id: 'NewApiKeyReplacement' });
export type NewApiKeyReplacement = z.output<typeof NewApiKeyReplacement>;

/** A key that was just made: the one place where it is shown. */
export const CreatedApiKey = z
  .object({
    id: keyId,
    key: z.string().meta({ description: 'The key itself. It is shown here, this once, and stored nowhere.' }),
    name: z.string(),
    scopes: z.array(scope),
    createdAt: instant,
    expiresAt: instant,
  })
  .meta({ id: 'CreatedApiKey' });
export type CreatedApiKey = z.output<typeof CreatedApiKey>;

/** The same, of a key that takes another one's place. */
export const ReplacingApiKey = CreatedApiKey.extend({
  replaces: z
    .object({ id: keyId, expiresAt: instant })
    .meta({ description: 'The old key, and when it ends by itself. Revoke it once nobody uses it any more.' }),
}).meta({ id: 'ReplacingApiKey' });
export type ReplacingApiKey = z.output<typeof ReplacingApiKey>;

/** A key as it is listed. */
export const ApiKey = z
  .object({
    id: keyId,
    name: z.string(),
    scopes: z.array(scope),
    state: z.enum(['active', 'expired', 'revoked']),
    createdAt: instant,
    expiresAt: instant,
    lastUsedAt: instant.nullable().meta({ description: 'To the minute; null while it was never used.' }),
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.output<typeof ApiKey>;

/** A page of keys. */
export const ApiKeyPage = z
  .object({ apiKeys: z.array(ApiKey), nextCursor: z.string().optional() })
  .meta({ id: 'ApiKeyPage', description: 'Newest first; `nextCursor` is absent on the last page.' });
export type ApiKeyPage = z.output<typeof ApiKeyPage>;

/** Which keys to list: all there ever were. */
export const ApiKeyFilter = z.strictObject({
  cursor: z
    .string()
    .regex(
      /^[a-z0-9]{12}$/,
      'is not a cursor of ours: begin again without it, or send the nextCursor of the page before unchanged',
    )
    .optional()
    .meta({ description: '`nextCursor` of the page before.' }),
  limit: limit(100),
});
export type ApiKeyFilter = z.output<typeof ApiKeyFilter>;

/** When a key ends that is made now. */
export function expiryOf({
  expiresAt,
  expiresInSeconds = DEFAULT_LIFETIME_SECONDS,
}: z.output<z.ZodObject<typeof expiry>>): Date {
  return expiresAt === undefined ? new Date(Date.now() + expiresInSeconds * 1000) : new Date(expiresAt);
}

/** The key as it is shown once. */
export function showCreated({ id, key, name, scopes, createdAt, expiresAt }: Created): CreatedApiKey {
  return {
    id,
    key: key.reveal(),
    name,
    scopes,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  };
}

/** The same, with the key whose place it takes. */
export function showReplacing(created: Replacing): ReplacingApiKey {
  const { id, expiresAt } = created.replaces;
  return { ...showCreated(created), replaces: { id, expiresAt: expiresAt.toISOString() } };
}

/** A page as it is shown. */
export function showPage({ keys, ...page }: Page): ApiKeyPage {
  return { apiKeys: keys.map(showKey), ...page };
}

function showKey(key: ListedApiKey): ApiKey {
  return {
    ...key,
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt.toISOString(),
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
  };
}
