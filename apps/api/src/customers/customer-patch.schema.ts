import type { CustomerChanges } from '@app/customers';
import { z } from 'zod';
import {
  allowedOrigins,
  metadata,
  name,
  redirectUris,
  scopes,
  tenantHost,
  VerificationUser,
} from './customer.schema.js';
import { Rotation } from './rotation.schema.js';

/** What is to be different about a customer. */
export const CustomerPatch = z
  .strictObject({
    name: name.optional(),
    tenantHost: tenantHost.optional(),
    redirectUris: redirectUris.nullish(),
    allowedOrigins: allowedOrigins.nullish(),
    scopes: scopes.nullish(),
    verificationUser: VerificationUser.nullish(),
    rotation: Rotation.nullish(),
    metadata: metadata.nullish(),
  })
  .refine(
    (patch) => Object.values(patch).some((value) => value !== undefined),
    'must name at least one field to change',
  )
  .meta({
    id: 'CustomerPatch',
    description:
      'A JSON merge patch (RFC 7396) of the first level: what is left out stays, null goes back to the default, and a list or an object takes the place of the one before.',
  });
export type CustomerPatch = z.output<typeof CustomerPatch>;

/** The patch with defaults in the place of null, where a customer has one. */
export function toChanges({
  redirectUris,
  allowedOrigins,
  scopes,
  metadata,
  ...others
}: CustomerPatch): CustomerChanges {
  return {
    ...others,
    redirectUris: redirectUris === null ? [] : redirectUris,
    allowedOrigins: allowedOrigins === null ? [] : allowedOrigins,
    scopes: scopes === null ? ['user_default'] : scopes,
    metadata: metadata === null ? {} : metadata,
  };
}
