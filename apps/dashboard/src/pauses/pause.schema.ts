import type { Pause } from '@app/platform';
import { PLAN_NAMES } from '@app/runs';
import { z } from 'zod';
import { Reason } from '../http/reason.schema.js';
import type { PauseFacts } from './pause-facts.reader.js';

/** Which pauses to list: those in force. */
export const PauseFilter = z.strictObject({
  cursor: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export type PauseFilter = z.output<typeof PauseFilter>;

/** What an operator pauses, and why. */
export const NewPause = z
  .strictObject({
    plan: z.enum(PLAN_NAMES).optional(),
    tenantHost: z.string().trim().min(1, 'must not be blank').max(253).optional(),
    reason: Reason,
  })
  .refine(({ plan, tenantHost }) => (plan === undefined) !== (tenantHost === undefined), {
    error: 'must have exactly one of plan and tenantHost',
  });
export type NewPause = z.output<typeof NewPause>;

/** A pause as a run that it holds shows it. */
export type ShownPause = ReturnType<typeof showPause>;

/** The pause as a run that it holds shows it. */
export function showPause({ id, plan, tenantHost, reason, actor, createdAt }: Pause) {
  return { id, plan, tenantHost, reason, actor, since: createdAt.toISOString() };
}

/** A pause with what it means at present. */
export type ShownPauseDetails = ShownPause & PauseFacts;

/** A page of pauses, and the plans that can be paused. */
export interface Pauses {
  pauses: ShownPauseDetails[];
  nextCursor?: string;
  plans: readonly string[];
}
