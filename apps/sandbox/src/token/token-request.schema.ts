import { z } from 'zod';
import { impersonationGrant } from '../api/oauth-client.schema.js';

const userLookup = z.object({ field: z.enum(['userId', 'subject']), value: z.string().min(1) });

/** `client_assertion_type` of RFC 7523, the only one there is. */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A token request (qlik.dev, OAuth API, POST /oauth/token), sent as JSON or as a form; fields it does not know are ignored, as OAuth asks. */
export const tokenRequestSchema = z.object({
  grant_type: z.enum(['client_credentials', impersonationGrant]),
  client_id: z.string().min(1).max(512),
  client_secret: z.string().min(1).max(512).optional(),
  client_assertion_type: z.literal(assertionType).optional(),
  client_assertion: z.string().max(16_384).optional(),
  scope: z.string().max(4096).optional(),
  // A form has no objects: there the value is their JSON.
  user_lookup: z.preprocess(readJson, userLookup.optional()),
});

/** One token request, still to be authenticated. */
export type TokenRequest = z.infer<typeof tokenRequestSchema>;

function readJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
