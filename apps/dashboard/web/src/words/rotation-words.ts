import type { RotationMode, ShownPolicy } from '../server.js';
import { tellSpan } from './time-words.js';

const modes: Record<RotationMode, { label: string; meaning: string }> = {
  graceful: { label: 'Graceful', meaning: 'the old secret stays valid through its grace' },
  emergency: { label: 'Emergency', meaning: 'every other secret of ours goes at once' },
  rollback: { label: 'Rollback', meaning: 'the secret before becomes the current one again' },
};

/** The mode of a rotation as a word. */
export const modeLabel = (mode: RotationMode): string => modes[mode].label;

/** The mode of a rotation with what it means for the old secret. */
export const tellMode = (mode: RotationMode): string => `${modes[mode].label}: ${modes[mode].meaning}`;

/** A rotation policy in plain words. */
export function tellPolicy(policy: ShownPolicy): string {
  const { intervalMs, jitterMs } = policy;
  const later = jitterMs > 0 ? `, or up to ${tellSpan(jitterMs)} later` : '';
  return `Every ${tellSpan(intervalMs).replace(/^1 /, '')}${later}. ${tellGrace(policy)}`;
}

/** What becomes of the old secret, once the new one is the current one. */
export function tellGrace({ graceMs, acknowledgement, deadlineMs, force }: ShownPolicy): string {
  const stays = graceMs > 0 ? `The old secret stays valid for ${tellSpan(graceMs)}` : undefined;
  const isAwaited = acknowledgement !== 'none' && (deadlineMs > 0 || !force);
  if (!isAwaited) return `${stays ?? 'The old secret goes at once'}.`;
  const sign = acknowledgement === 'read' ? 'a read of the new one' : 'the customer to say that it uses the new one';
  const most = deadlineMs > 0 ? `, at most ${tellSpan(deadlineMs)}` : '';
  const waits = stays === undefined ? `The old secret waits for ${sign}` : `${stays}, then waits for ${sign}`;
  return `${waits}${most}; ${force ? 'after that it goes all the same' : 'without it, a person decides'}.`;
}

const days = { mon: 'Mon', tue: 'Tue', wed: 'Wed', thu: 'Thu', fri: 'Fri', sat: 'Sat', sun: 'Sun' };

/** The times in which no rotation begins; undefined if there are none. */
export function tellBlackout({ blackout, timeZone }: ShownPolicy): string | undefined {
  if (blackout.length === 0) return undefined;
  const windows = blackout.map(({ from, to, days: on }) => `${on.map((day) => days[day]).join(', ')} ${from} to ${to}`);
  return `${windows.join('; ')} (${timeZone})`;
}
