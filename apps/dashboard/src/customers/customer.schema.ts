import { type CustomerWithRun, isOffboarded } from '@app/customers';
import { CustomerState } from '@app/platform';
import { z } from 'zod';
import type { OAuthClientFacts } from './oauth-clients.reader.js';

/** Which customers to list. */
export const CustomerFilter = z.strictObject({
  /** Part of the name or the externalId. */
  q: z
    .string()
    .max(200)
    .refine((value) => !/\p{Cc}|\p{Surrogate}/u.test(value), 'must be one line of text')
    .optional(),
  state: z.enum(CustomerState).optional(),
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export type CustomerFilter = z.output<typeof CustomerFilter>;

/** A customer as a list shows it. */
export type ShownCustomer = ReturnType<typeof showCustomer>;

/** The customer as a list shows it. */
export function showCustomer(row: CustomerWithRun) {
  return {
    id: row.id,
    externalId: row.externalId,
    name: row.name,
    tenantHost: row.tenantHost,
    state: row.state,
    createdAt: row.createdAt.toISOString(),
    readyAt: row.readyAt?.toISOString() ?? null,
    currentRunId: row.currentRunId,
  };
}

/** A customer with what was asked for and what was made. */
export type ShownCustomerDetails = ReturnType<typeof showCustomerDetails>;

/** The customer with what was asked for and what was made for it at Qlik. */
export function showCustomerDetails(row: CustomerWithRun, oauthClient: OAuthClientFacts | undefined) {
  return {
    ...showCustomer(row),
    canOffboard: !isOffboarded(row.state),
    redirectUris: row.redirectUris,
    allowedOrigins: row.allowedOrigins,
    scopes: row.scopes,
    metadata: row.metadata as Record<string, string>,
    oauthClient: oauthClient === undefined ? null : { ...oauthClient, createdAt: oauthClient.createdAt.toISOString() },
  };
}
