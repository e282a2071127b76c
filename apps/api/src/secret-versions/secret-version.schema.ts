import { SecretVersionState } from '@app/platform';
import { z } from 'zod';
import { instant, limit } from '../schemas/text.schema.js';
import type { SecretInUse, ShownVersion } from './secret-versions.reader.js';

/** The greatest version number that the database holds. */
export const MAX_VERSION = 2_147_483_647;

const NO_CURSOR =
  'is not a cursor of ours: begin again without it, or send the nextCursor of the page before unchanged';

/** The secret that a customer's credentials hold now, as it is shown. */
export const CurrentSecret = z
  .object({
    version: z.int(),
    activeSince: instant.meta({ description: 'When it became the current one; its age is worth watching.' }),
  })
  .meta({ id: 'CurrentSecret' });
export type CurrentSecret = z.output<typeof CurrentSecret>;

/** A secret version as it is shown: when it was what, and nothing of the secret. */
export const SecretVersion = z
  .object({
    version: z.int().meta({ description: 'Rises by one with each new secret.' }),
    state: z.enum(SecretVersionState).meta({
      description:
        '`pending`: not yet given out. `current`: what the credentials hold. `previous`: replaced, and valid until it is deleted at Qlik. `revoked`: gone, here too.',
    }),
    createdAt: instant,
    promotedAt: instant.nullable().meta({ description: 'When it became the current one.' }),
    firstReadAt: instant.nullable().meta({
      description:
        'When the credentials endpoint gave it out first. Of the secret that you gave with an `existingClient`: when it was stored, since you had it.',
    }),
    acknowledgedAt: instant.nullable().meta({ description: 'When you said that you use it.' }),
    retiredAt: instant.nullable().meta({ description: 'When it was deleted at Qlik.' }),
    revokedAt: instant.nullable().meta({ description: 'When it was proved that it no longer works, and forgotten.' }),
  })
  .meta({ id: 'SecretVersion' });
export type SecretVersion = z.output<typeof SecretVersion>;

/** A page of secret versions. */
export const SecretVersionPage = z
  .object({ secretVersions: z.array(SecretVersion), nextCursor: z.string().optional() })
  .meta({ id: 'SecretVersionPage', description: 'Newest first; `nextCursor` is absent on the last page.' });

/** Which secret versions to list. */
export const SecretVersionFilter = z.strictObject({
  cursor: z.coerce
    .number(NO_CURSOR)
    .int(NO_CURSOR)
    .min(1, NO_CURSOR)
    .max(MAX_VERSION, NO_CURSOR)
    .optional()
    .meta({ description: '`nextCursor` of the page before.' }),
  limit: limit(100),
});
export type SecretVersionFilter = z.output<typeof SecretVersionFilter>;

/** The row as it is shown. */
export const showCurrentSecret = ({ version, activeSince }: SecretInUse): CurrentSecret => ({
  version,
  activeSince: activeSince.toISOString(),
});

/** The row as it is shown. */
export const showSecretVersion = (row: ShownVersion): SecretVersion => ({
  version: row.version,
  state: row.state,
  createdAt: row.createdAt.toISOString(),
  promotedAt: iso(row.promotedAt),
  firstReadAt: iso(row.firstReadAt),
  acknowledgedAt: iso(row.acknowledgedAt),
  retiredAt: iso(row.retiredAt),
  revokedAt: iso(row.revokedAt),
});

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
