import type { AuditAction } from './audit-actions.js';
import type { AuditEntry } from './audit-entry.js';

interface Announced {
  /** The name under which the world hears of it: a public contract, names are added, never renamed or removed. */
  as: string;
  /** Members of the event's `data` that are told beside the ids of its `subject`. */
  facts: readonly string[];
  /** An action that tells the same better when it is appended together with this one. */
  unlessWith?: readonly AuditAction[];
  /** A member of `data` that marks the events nobody outside needs to hear of. */
  unlessData?: string;
}

/** Which actions are told to the outside, and how. Whoever appends such an event has it announced. */
export const announcedActions = {
  'customer.ready': { as: 'customer.ready', facts: [] },
  'customer.failed': { as: 'customer.failed', facts: ['code'] },
  'customer.offboarded': { as: 'customer.offboarded', facts: [] },
  // The first secret of a customer comes with it being ready, and a restored one with its rollback.
  'secret.promoted': {
    as: 'secret.rotated',
    facts: ['version'],
    unlessWith: ['customer.ready', 'secret.rolled_back'],
  },
  // A reason stands with those that were never in use, or went with all that a customer had.
  'secret.revoked': { as: 'secret.revoked', facts: ['version'], unlessData: 'because' },
  'secret.rolled_back': { as: 'secret.rolled_back', facts: ['version', 'restores'] },
  'acknowledgement.overdue': { as: 'acknowledgement.overdue', facts: ['version', 'forced'] },
  'run.needs_attention': { as: 'run.needs_attention', facts: ['plan', 'step', 'code'] },
  'drift.detected': { as: 'drift.detected', facts: ['kind', 'repair'] },
  'parent_client.failing': { as: 'parent_client.failing', facts: ['code'] },
} as const satisfies Partial<Record<AuditAction, Announced>>;

type Told = Pick<AuditEntry, 'action' | 'data'>;

/** The name of an announcement. */
export type AnnouncementType = (typeof announcedActions)[keyof typeof announcedActions]['as'];

/** Under which name `entry` is announced when it is appended together with `all`; undefined for what is not. */
export function announcementOf(entry: Told, all: readonly Told[]): AnnouncementType | undefined {
  const announced = findAnnounced(entry.action);
  if (announced === undefined) return undefined;
  const { as, unlessWith = [], unlessData } = announced;
  if (unlessData !== undefined && entry.data?.[unlessData] != null) return undefined;
  return all.some(({ action }) => unlessWith.includes(action)) ? undefined : as;
}

/** What of the data of an event with this action is told. */
export function announcedFacts(action: AuditAction, data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const facts = findAnnounced(action)?.facts ?? [];
  return Object.fromEntries(facts.filter((name) => data[name] != null).map((name) => [name, data[name]]));
}

function findAnnounced(action: AuditAction): (Announced & { as: AnnouncementType }) | undefined {
  return Object.hasOwn(announcedActions, action)
    ? announcedActions[action as keyof typeof announcedActions]
    : undefined;
}
