import type { ListedParentClient } from '@app/parents';
import { z } from 'zod';
import { instant } from '../schemas/text.schema.js';

/** What has no place in a credential that was copied whole. */
const visible = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters, at least one, without spaces');

/** The client that lets us into the tenants of a region. */
export const NewParentClient = z
  .strictObject({
    clientId: visible(200),
    clientSecret: visible(1_000).meta({ description: 'Stored encrypted, and never shown again.' }),
  })
  .meta({ id: 'NewParentClient' });
export type NewParentClient = z.output<typeof NewParentClient>;

/** A parent client as it is shown. */
export const ParentClient = z
  .object({
    region: z.string(),
    clientId: z.string(),
    createdAt: instant.meta({ description: 'When the region was first stored.' }),
    changedAt: instant.meta({ description: 'When this client and its secret were stored.' }),
    lastUsedAt: instant
      .nullable()
      .meta({ description: 'When a worker last went to a tenant with it, to the minute; null while none did.' }),
  })
  .meta({ id: 'ParentClient', description: 'Never with its secret.' });
export type ParentClient = z.output<typeof ParentClient>;

/** Every parent client that is stored. */
export const ParentClientList = z
  .object({ parentClients: z.array(ParentClient) })
  .meta({ id: 'ParentClientList', description: 'By region. What workers are configured with is not in it.' });

/** The row as it is shown. */
export function showParentClient(row: ListedParentClient): ParentClient {
  return {
    region: row.region,
    clientId: row.clientId,
    createdAt: row.createdAt.toISOString(),
    changedAt: row.changedAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}
