import { z } from 'zod';
import { instant } from '../schemas/text.schema.js';

/** What the OEM needs to act in its customer's tenant. */
export const Credentials = z
  .object({
    tenantHost: z.string(),
    clientId: z.string(),
    clientSecret: z.string(),
    version: z.int().meta({ description: 'Rises by one with each new secret.' }),
    hint: z.string().nullable().meta({ description: "Qlik's own label of the secret; null while it is not known." }),
    rotatesAt: instant.nullable().meta({ description: 'When the secret is replaced next; null if no date is set.' }),
  })
  .meta({ id: 'Credentials' });
export type Credentials = z.output<typeof Credentials>;
