import { z } from 'zod';

const milliseconds = z.int().min(0).max(3_600_000);

/** One switch for each behaviour that Qlik's documents leave open; every default is what the documents make likelier. */
export const unknownsSchema = z.strictObject({
  /** A second client with the same name is refused with 400. */
  clientNameMustBeUnique: z.boolean().default(false),
  /** `connectionConfig` in a create body is refused with 400, though the reference lists it. */
  consentInCreateRefused: z.boolean().default(false),
  /** The 201 of a create holds `clientSecretHint` alone, as in the guide "Manage OAuth clients via API". */
  hintOnlyInGuideForm: z.boolean().default(false),
  /** The 201 of a create holds `clientSecrets[].hint` alone, as in the API reference. */
  hintOnlyInReferenceForm: z.boolean().default(false),
  /** The 201 of a create holds no hint at all. */
  hintAbsentOnCreate: z.boolean().default(false),
  /** The last secret of a client cannot be deleted: 400. */
  lastSecretMayNotBeDeleted: z.boolean().default(false),
  /** How long, in milliseconds, the token endpoint goes on accepting a deleted secret. */
  secretDeletionDelayMs: milliseconds.default(0),
  /** How long, in milliseconds, the token endpoint goes on refusing a new secret. */
  secretPropagationMs: milliseconds.default(0),
  /** `allowedOrigins` on a `web` client is refused with 400. */
  originsOnWebRefused: z.boolean().default(false),
  /** Secrets are shown without `createdBy`. */
  createdByAbsent: z.boolean().default(false),
  /** A client that is read or created is shown without its `connectionConfig`. */
  connectionConfigAbsentOnGet: z.boolean().default(false),
  /** The status for impersonating a user whom the tenant does not have. */
  userNotFoundStatus: z.union([z.literal(400), z.literal(401), z.literal(403), z.literal(404)]).default(400),
  /** The status for a wrong, unknown or deleted secret at the token endpoint. */
  wrongSecretStatus: z.union([z.literal(400), z.literal(401)]).default(401),
  /** `private_key_jwt` does not authenticate an impersonation: 400. */
  privateKeyJwtRefused: z.boolean().default(false),
  /** A list takes no notice of `filter` and shows every client. */
  filterIgnored: z.boolean().default(false),
});

/** The switches of one tenant. */
export type Unknowns = z.infer<typeof unknownsSchema>;
