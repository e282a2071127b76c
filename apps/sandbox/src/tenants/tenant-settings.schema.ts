import { z } from 'zod';
import { unknownsSchema } from './unknowns.js';

const userSchema = z.strictObject({
  id: z.string().min(1).max(128),
  subject: z.string().min(1).max(512),
  email: z.string().min(1).max(512),
});

/** A user of a tenant, who can be impersonated by id or by subject. */
export type User = z.infer<typeof userSchema>;

const perMinute = z.int().min(1).max(1_000_000_000);

/** What `PUT /_sandbox/tenants/{host}` sets; whatever is left out goes back to its default. */
export const tenantSettingsSchema = z.strictObject({
  /** The tenant's users; left out, the one demo user. */
  users: z.array(userSchema).max(10_000).optional(),
  /** Everything answers 401 TENANT_DISABLED. */
  disabled: z.boolean().default(false),
  /** Everything answers 404, the token endpoint too. */
  gone: z.boolean().default(false),
  /** The API answers 403 to every token; tokens are still minted. */
  forbidden: z.boolean().default(false),
  /** How long, in milliseconds, a list does not show a new client or secret. */
  lagMs: z.int().min(0).max(3_600_000).default(0),
  /** Lifetime of a minted token in seconds. */
  tokenSeconds: z.int().min(1).max(86_400).default(21_600),
  /** Qlik's published tiers (qlik.dev, rate limits): requests a minute. */
  limits: z
    .strictObject({ tier1PerMinute: perMinute.default(1000), tier2PerMinute: perMinute.default(100) })
    .prefault({}),
  unknowns: unknownsSchema.prefault({}),
});

/** The settings of one tenant, defaults filled in. */
export type TenantSettings = z.infer<typeof tenantSettingsSchema>;

/** The settings of a tenant that nobody configured; shared, so frozen. */
export const defaultSettings: TenantSettings = Object.freeze(tenantSettingsSchema.parse({}));
