import { z } from 'zod';
import { instant, text } from '../schemas/text.schema.js';

/** Scope tokens with one space between them (RFC 6749, section 3.3). */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*$/;

/** Whose token is asked for. */
export const NewToken = z
  .strictObject({
    user: z
      .strictObject({
        field: z.enum(['userId', 'subject']).meta({ description: 'How the user is looked up in the tenant.' }),
        value: text(256),
      })
      .meta({ description: 'The user of the tenant in whose name the token acts.' }),
    scope: z
      .string()
      .min(1, 'must not be empty')
      .max(2_000)
      .regex(SCOPE, 'must be scopes with one space between them')
      .optional()
      .meta({
        description: "Scopes with a space between them, among the customer's `scopes`; all of those unless given.",
      }),
  })
  .meta({ id: 'NewToken' });
export type NewToken = z.output<typeof NewToken>;

/** A token that acts in the name of a user. */
export const Token = z
  .object({
    accessToken: z.string().meta({ description: "Qlik's access token: a bearer token of that one tenant." }),
    tokenType: z.literal('Bearer'),
    expiresInSeconds: z.int().meta({ description: 'How long it is still valid: whole seconds, rounded down.' }),
    expiresAt: instant,
    scope: z.string().meta({ description: 'What it may do, as Qlik says.' }),
  })
  .meta({ id: 'Token' });
export type Token = z.output<typeof Token>;
