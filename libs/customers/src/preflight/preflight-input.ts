import { z } from 'zod';

/** What a preflight is asked to try; pauses of the tenant look here, as no customer's row names it. */
export const PreflightInput = z.object({ tenantHost: z.string() });
export type PreflightInput = z.output<typeof PreflightInput>;
