import { z } from 'zod';

/** What a client of the OEM's had beyond what is wanted of it when it was enrolled. It was there first, so that it is let be. */
export const FoundOnClient = z.object({
  /** The hints of secrets that are not known to be ours; empty again once a rotation has ended. */
  hints: z.array(z.string()),
  grants: z.array(z.string()),
  scopes: z.array(z.string()),
  redirectUris: z.array(z.string()),
  allowedOrigins: z.array(z.string()),
});
export type FoundOnClient = z.output<typeof FoundOnClient>;
