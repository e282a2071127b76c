import { isDeepStrictEqual } from 'node:util';
import type { CustomerRow } from '../customer-hold.js';
import type { NewCustomer, RotationSettings } from '../new-customer.js';

/** What is to be different about a customer: judged at the edge. What is left out stays as it is; null goes back to the default. */
export interface CustomerChanges {
  name?: string | undefined;
  tenantHost?: string | undefined;
  redirectUris?: string[] | undefined;
  allowedOrigins?: string[] | undefined;
  scopes?: string[] | undefined;
  verificationUser?: NonNullable<NewCustomer['verificationUser']> | null | undefined;
  rotation?: RotationSettings | null | undefined;
  metadata?: Record<string, string> | undefined;
}

/** The name of something that can be changed. */
export type CustomerField = keyof CustomerChanges;

/** The settings of a customer's client at Qlik. */
export const CLIENT_FIELDS = ['redirectUris', 'allowedOrigins', 'scopes'] as const;

/** The name of a setting of a customer's client at Qlik. */
export type ClientField = (typeof CLIENT_FIELDS)[number];

/** The fields whose values differ from what is stored, in the order in which they were given. Pure. */
export function changedFields(stored: CustomerRow, changes: CustomerChanges): CustomerField[] {
  const given = Object.keys(changes) as CustomerField[];
  return given.filter(
    (field) => changes[field] !== undefined && !isDeepStrictEqual(plain(changes[field]), stored[field]),
  );
}

/** As a value comes back from the database: without members that are not there. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

/** Those of the fields that are settings of the client at Qlik. Pure. */
export function clientFieldsOf(fields: readonly CustomerField[]): ClientField[] {
  return CLIENT_FIELDS.filter((field) => fields.includes(field));
}
