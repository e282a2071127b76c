import type { Pause as PauseRow } from '@app/platform';
import { PLAN_NAMES } from '@app/runs';
import { z } from 'zod';
import { cursor, id, instant, limit, saying, text } from '../schemas/text.schema.js';

const plan = z.enum(PLAN_NAMES);

/** What is to be paused, and why. */
export const NewPause = z
  .strictObject({
    plan: plan.optional().meta({ description: 'Every run of this plan.' }),
    tenantHost: text(253).optional().meta({ description: 'Every run of the customer with this tenant.' }),
    reason: saying(500).meta({ description: 'Shown on the runs it holds, and kept in the audit trail.' }),
  })
  .refine(({ plan, tenantHost }) => (plan === undefined) !== (tenantHost === undefined), {
    error: 'must have exactly one of plan and tenantHost',
  })
  .meta({ id: 'NewPause', description: 'Exactly one of `plan` and `tenantHost`.' });
export type NewPause = z.output<typeof NewPause>;

/** A pause as it is shown. */
export const Pause = z
  .object({
    id,
    plan: z.string().nullable(),
    tenantHost: z.string().nullable(),
    reason: z.string(),
    actor: z.string().meta({ description: 'Who set it.' }),
    since: instant,
  })
  .meta({ id: 'Pause', description: 'A plan or a tenant in which no run is taken up until the pause is lifted.' });
export type Pause = z.output<typeof Pause>;

/** A page of pauses. */
export const PausePage = z
  .object({ pauses: z.array(Pause), nextCursor: z.string().optional() })
  .meta({ id: 'PausePage', description: 'Newest first; `nextCursor` is absent on the last page.' });

/** Which pauses to list: those in force. */
export const PauseFilter = z.strictObject({ cursor: cursor.optional(), limit: limit(100) });
export type PauseFilter = z.output<typeof PauseFilter>;

/** The row as it is shown. */
export function showPause({ id, plan, tenantHost, reason, actor, createdAt }: PauseRow): Pause {
  return { id, plan, tenantHost, reason, actor, since: createdAt.toISOString() };
}
