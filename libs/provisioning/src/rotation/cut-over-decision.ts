import type { RotationPolicy } from '@app/customers';

/** What is known of the consumer's change to the new secret. All times by the database's clock. */
export interface CutOver {
  promotedAt: Date;
  /** When the new version was given out first. */
  firstReadAt: Date | null;
  /** When the OEM said that it uses the new version. */
  acknowledgedAt: Date | null;
  /** Whether anybody ever had a version, from the credentials or because the OEM gave it: who gets tokens from us alone has nothing to change. */
  wereEverRead: boolean;
}

/** Whether the old secret may go: yes, not before `until`, or not without the acknowledgement that is overdue. */
export type CutOverDecision =
  { kind: 'done'; isForced: boolean } | { kind: 'wait'; until: Date } | { kind: 'overdue'; since: Date };

type Policy = Pick<RotationPolicy, 'graceMs' | 'acknowledgement' | 'deadlineMs' | 'force'>;

/**
 * Decides by the policy. A call says that the consumer has changed over. A read alone says that it will: from the first read on it has a
 * second grace. Whoever neither reads nor calls has until the deadline, which begins with the end of the grace. Pure.
 */
export function decideCutOver(policy: Policy, cutOver: CutOver, now: Date): CutOverDecision {
  const graceEnd = later(cutOver.promotedAt, policy.graceMs);
  const goesAt = whenItGoes(policy, cutOver, graceEnd);
  if (goesAt !== undefined) return now < goesAt ? { kind: 'wait', until: goesAt } : { kind: 'done', isForced: false };
  const deadline = later(graceEnd, policy.deadlineMs);
  if (now < deadline) return { kind: 'wait', until: deadline };
  return policy.force ? { kind: 'done', isForced: true } : { kind: 'overdue', since: deadline };
}

/** When the old secret may go by what is known now; undefined while an acknowledgement is missing. */
function whenItGoes(
  { acknowledgement, graceMs }: Policy,
  { acknowledgedAt, firstReadAt, wereEverRead }: CutOver,
  graceEnd: Date,
): Date | undefined {
  if (acknowledgement === 'none' || !wereEverRead || acknowledgedAt !== null) return graceEnd;
  if (acknowledgement === 'call' || firstReadAt === null) return undefined;
  return new Date(Math.max(graceEnd.getTime(), firstReadAt.getTime() + graceMs));
}

const later = (at: Date, ms: number): Date => new Date(at.getTime() + ms);
