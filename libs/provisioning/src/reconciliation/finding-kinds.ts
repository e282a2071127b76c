import type { ClientField } from '@app/customers';
import { z } from 'zod';

/** How a difference of each kind is repaired: by trusting the client's consent again, by setting its settings again, or by a person alone. */
export const REPAIRS = {
  CLIENT_MISSING: null,
  CLIENT_DISABLED: null,
  CLIENT_RENAMED: 'settings',
  CONSENT_CHANGED: 'consent',
  GRANTS_CHANGED: 'settings',
  SCOPES_CHANGED: 'settings',
  REDIRECT_URIS_CHANGED: 'settings',
  ORIGINS_CHANGED: 'settings',
  SECRET_MISSING: null,
  SECRET_UNRECOGNISED: null,
  CLIENT_DUPLICATED: null,
} as const satisfies Record<string, 'consent' | 'settings' | null>;

/** What differs; each has an entry in docs/runbook.md. */
export type FindingKind = keyof typeof REPAIRS;

export const FindingKind = z.enum(Object.keys(REPAIRS) as [FindingKind, ...FindingKind[]]);

/** How a field of a customer differs that Qlik does not have yet. */
export const KIND_OF_FIELD = {
  scopes: 'SCOPES_CHANGED',
  redirectUris: 'REDIRECT_URIS_CHANGED',
  allowedOrigins: 'ORIGINS_CHANGED',
} as const satisfies Record<ClientField, FindingKind>;

/** One difference between Qlik and what is recorded or wanted: codes, ids and counts, since operators see it. */
export const Finding = z.object({
  kind: FindingKind,
  repair: z.enum(['consent', 'settings']).nullable(),
  /** Of a list: how many of its entries are wanted and not there, and how many are there and not wanted. */
  missing: z.number().optional(),
  extra: z.number().optional(),
  /** SECRET_MISSING: which, and whether it is the one that is handed out. */
  secretVersionId: z.string().optional(),
  isCurrent: z.boolean().optional(),
  /** SECRET_UNRECOGNISED: how many. */
  count: z.number().optional(),
  /** CLIENT_DUPLICATED: the clients beside the recorded one. */
  clientIds: z.array(z.string()).optional(),
});
export type Finding = z.output<typeof Finding>;

/** Whether the customer's credential cannot work for this. */
export function isFatal({ kind, isCurrent }: Finding): boolean {
  return kind === 'CLIENT_MISSING' || kind === 'CLIENT_DISABLED' || (kind === 'SECRET_MISSING' && isCurrent === true);
}

/** Each kind once. */
export function kindsOf(findings: readonly Finding[]): FindingKind[] {
  return [...new Set(findings.map(({ kind }) => kind))];
}
