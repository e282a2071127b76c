import { z } from 'zod';
import { instant } from '../schemas/text.schema.js';
import { MAX_VERSION } from '../secret-versions/secret-version.schema.js';

/** What the OEM needs to act in its customer's tenant. */
export const Credentials = z
  .object({
    tenantHost: z.string(),
    clientId: z.string(),
    clientSecret: z.string(),
    version: z.int().meta({ description: 'Rises by one with each new secret.' }),
    hint: z.string().nullable().meta({ description: "Qlik's own label of the secret; null while it is not known." }),
    rotatesAt: instant.nullable().meta({
      description: 'When the secret is due to be replaced; null while a rotation is on its way to a new one.',
    }),
  })
  .meta({ id: 'Credentials' });
export type Credentials = z.output<typeof Credentials>;

/** Says that the consumer has changed over to a version. */
export const Acknowledgement = z
  .strictObject({
    version: z.int().min(1).max(MAX_VERSION).meta({ description: '`version` of the credentials that you use now.' }),
  })
  .meta({ id: 'Acknowledgement' });
export type Acknowledgement = z.output<typeof Acknowledgement>;
