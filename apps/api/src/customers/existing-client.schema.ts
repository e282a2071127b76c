import { Secret } from '@app/platform';
import { z } from 'zod';

/** A secret as a caller sends it: it leaves the parser as a `Secret`. What is shorter than 32 characters is a hint or a mistake, and could be guessed by its hash. */
const clientSecret = z
  .string()
  .min(32, 'must have at least 32 characters: give the secret itself, not its hint')
  .max(512)
  .regex(/^[\x21-\x7e]*$/, 'must be of visible ASCII characters')
  .transform((value) => new Secret(value))
  .meta({
    description:
      'A secret of it that works; without, one is minted. Stored encrypted, and never shown but as credentials.',
    format: 'password',
    writeOnly: true,
  });

/** A client that the OEM has made in the tenant already. */
export const ExistingClient = z
  .strictObject({
    clientId: z
      .string()
      .min(1, 'must not be empty')
      .max(128)
      .regex(/^[A-Za-z0-9_-]*$/, 'must be of letters, digits, _ and -'),
    clientSecret: clientSecret.optional(),
  })
  .meta({
    id: 'ExistingClient',
    description:
      'An OAuth client that you have made in the tenant already. It becomes the customer’s, and none is ever made.',
  });
