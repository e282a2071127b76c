import type { CustomerWithRun } from '@app/customers';
import { CustomerState } from '@app/platform';
import { z } from 'zod';
import { cursor, hasNoRepeats, id, instant, limit, REPEATS, saying, text } from '../schemas/text.schema.js';
import { Run } from '../runs/run.schema.js';
import { CurrentSecret, showCurrentSecret } from '../secret-versions/secret-version.schema.js';
import type { InUse } from '../secret-versions/secret-versions.reader.js';
import { ExistingClient } from './existing-client.schema.js';
import { isAllowedOrigin, isRedirectUri } from './web-address.js';
import { Rotation } from './rotation.schema.js';

const externalId = z
  .string()
  .min(1, 'must not be empty')
  .max(200)
  .regex(/^[A-Za-z0-9._:@/-]+$/, 'must be of letters, digits and . _ : @ / -')
  .meta({ description: 'Your own id of the customer: letters, digits and `. _ : @ / -`.' });

/** Of a customer, as a request gives it. */
export const name = saying(200).meta({ description: 'What people call the customer.' });

/** Of a customer, as a request gives it. */
export const tenantHost = text(253).meta({
  description: 'Host of the Qlik Cloud tenant, in lower case, such as `acme.eu.qlikcloud.com`.',
});

/** Of a customer, as a request gives it. */
export const redirectUris = z
  .array(text(256).refine(isRedirectUri, 'must be an https URL without fragment or password; http only for localhost'))
  .max(5)
  // Qlik refuses a list that repeats itself, with a 400 that does not say so.
  .refine(hasNoRepeats, REPEATS)
  .meta({ description: 'https URLs without fragment or password; http only for localhost.' });

/** Of a customer, as a request gives it. */
export const allowedOrigins = z
  .array(
    text(256).refine(
      isAllowedOrigin,
      'must be an https origin such as https://app.example, without a path; http only for localhost',
    ),
  )
  .max(5)
  .refine(hasNoRepeats, REPEATS)
  .meta({ description: 'https origins, without a path; http only for localhost.' });

/** Of a customer, as a request gives it. */
export const scopes = z
  .array(
    z
      .string()
      .min(1)
      .max(256)
      .regex(/^[A-Za-z0-9._:/-]+$/, 'must be a scope such as user_default'),
  )
  .min(1)
  .max(50)
  .refine(hasNoRepeats, REPEATS)
  .meta({ description: 'What the impersonation client may ask for.' });

/** Of a customer, as a request gives it. */
export const VerificationUser = z
  .strictObject({ field: z.enum(['userId', 'subject']), value: saying(256) })
  .meta({ id: 'VerificationUser', description: 'A user of the tenant in whose name the new client is tried.' });

/** Of a customer, as a request gives it. */
export const metadata = z
  .record(saying(40), z.union([z.literal(''), text(500)]))
  .refine((pairs) => Object.keys(pairs).length <= 20, 'must have at most 20 members')
  .meta({
    description:
      'At most 20 members, names of at most 40 and texts of at most 500 characters: yours, handed back as given.',
  });

/** What is asked for when a customer is signed up. */
export const NewCustomer = z
  .strictObject({
    externalId,
    name,
    tenantHost,
    redirectUris: redirectUris.default([]),
    allowedOrigins: allowedOrigins.default([]),
    scopes: scopes.default(['user_default']),
    verificationUser: VerificationUser.optional(),
    rotation: Rotation.optional(),
    existingClient: ExistingClient.optional(),
    metadata: metadata.default({}),
  })
  .meta({ id: 'NewCustomer' });
export type NewCustomer = z.output<typeof NewCustomer>;

/** A customer as it is shown. */
export const Customer = z
  .object({
    id,
    externalId: z.string(),
    name: z.string(),
    tenantHost: z.string(),
    state: z.enum(CustomerState),
    redirectUris: z.array(z.string()),
    allowedOrigins: z.array(z.string()),
    scopes: z.array(z.string()),
    verificationUser: VerificationUser.nullable(),
    rotation: Rotation.nullable(),
    metadata: z.record(z.string(), z.string()),
    createdAt: instant,
    updatedAt: instant,
    readyAt: instant.nullable().meta({ description: 'When it was first ready.' }),
    rotatesAt: instant.nullable().meta({
      description:
        'When its secret is due to be replaced; null before it was ready, and while a rotation is on its way to a new one.',
    }),
    clientId: z.string().nullable().meta({
      description: 'Its OAuth client at Qlik, the one that the credentials hold; null where there is none.',
    }),
    currentSecret: CurrentSecret.nullable().meta({
      description: 'The secret that the credentials hold; null where there is none.',
    }),
    currentRunId: id.nullable().meta({ description: 'Its newest run.' }),
  })
  .meta({ id: 'Customer' });
export type Customer = z.output<typeof Customer>;

/** The answer to a new customer. */
export const AcceptedCustomer = z.object({ customer: Customer, run: Run }).meta({ id: 'AcceptedCustomer' });

/** A page of customers. */
export const CustomerPage = z
  .object({ customers: z.array(Customer), nextCursor: z.string().optional() })
  .meta({ id: 'CustomerPage', description: 'Newest first; `nextCursor` is absent on the last page.' });

/** Which customers to list. */
export const CustomerFilter = z.strictObject({
  externalId: text(200).optional(),
  state: z.enum(CustomerState).optional(),
  tenantHost: text(253).optional(),
  q: text(200).optional().meta({ description: 'Part of the name or the externalId, in upper or lower case.' }),
  cursor: cursor.optional(),
  limit: limit(100),
});
export type CustomerFilter = z.output<typeof CustomerFilter>;

/** The row as it is shown. */
export function showCustomer(row: CustomerWithRun & InUse): Customer {
  return {
    id: row.id,
    externalId: row.externalId,
    name: row.name,
    tenantHost: row.tenantHost,
    state: row.state,
    redirectUris: row.redirectUris,
    allowedOrigins: row.allowedOrigins,
    scopes: row.scopes,
    verificationUser: row.verificationUser as Customer['verificationUser'],
    rotation: row.rotation as Customer['rotation'],
    metadata: row.metadata as Customer['metadata'],
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    readyAt: row.readyAt?.toISOString() ?? null,
    rotatesAt: row.nextRotationAt?.toISOString() ?? null,
    clientId: row.clientId,
    currentSecret: row.currentSecret === null ? null : showCurrentSecret(row.currentSecret),
    currentRunId: row.currentRunId,
  };
}
