import { z } from 'zod';

const credentialsSchema = z.strictObject({
  clientId: z.string().min(1).max(512),
  clientSecret: z.string().min(1).max(512),
});

/** `QLIK_PARENT_CLIENTS`: the region-level client for each region, by the region's label in host names. */
export const parentClientsSchema = z.record(
  z.string().regex(/^[a-z0-9-]{1,63}$/, { error: 'is not a region such as eu' }),
  credentialsSchema,
);

/** `QLIK_ORGANISATION_CLIENT`: the client that the organisation's console admits. */
export const organisationClientSchema = credentialsSchema;

/** What a sandbox is started with; `port` 0 takes a free one, without `dataDir` state lives in memory. */
export const sandboxOptionsSchema = z.strictObject({
  port: z.int().min(0).max(65_535),
  host: z.string().min(1).default('127.0.0.1'),
  dataDir: z.string().min(1).optional(),
  parentClients: parentClientsSchema,
  organisationClient: organisationClientSchema.optional(),
  log: z.union([z.boolean(), z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])]).default(false),
});

/** The options of startSandbox. */
export type SandboxOptions = z.input<typeof sandboxOptionsSchema>;
