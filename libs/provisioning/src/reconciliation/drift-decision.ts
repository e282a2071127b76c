import { isDeepStrictEqual } from 'node:util';
import { CLIENT_FIELDS, type ClientField, ReconciliationInput as AnyInput } from '@app/customers';
import { IMPERSONATION_GRANTS, type OAuthClientChanges } from '@app/qlik';
import type { Intent } from '@app/runs';
import { z } from 'zod';
import type { Comparison } from './client-comparisons.js';
import { Finding, type FindingKind, KIND_OF_FIELD, kindsOf } from './finding-kinds.js';
import type { ReconciliationPolicy } from './reconciliation-policy.js';

/** What a reconciliation found and has not come to the end of: `drifted` while something is to be repaired, `raised` when a person must look. `told` is what the audit has as detected. */
export const DriftIntent = z.object({
  phase: z.enum(['drifted', 'raised']),
  told: z.array(Finding),
  /** What somebody asked to be changed and Qlik does not have yet: no drift. */
  changed: z.array(z.enum(CLIENT_FIELDS)).default([]),
  /** How often it was set at Qlik. */
  repairs: z.number().int().default(0),
  /** What Qlik said when it refused a repair. */
  qlik: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

/** What a reconciliation knows when it begins, as its steps read it. */
export const ReconciliationInput = AnyInput.extend({ told: z.array(Finding).default([]) });

/** The differences that nobody asked for. Pure. */
export function driftIn(findings: readonly Finding[], changed: readonly ClientField[]): Finding[] {
  const asked: readonly FindingKind[] = changed.map((field) => KIND_OF_FIELD[field]);
  return findings.filter(({ kind }) => !asked.includes(kind));
}

/** What is to be done at Qlik so that the findings of `kinds` are gone. */
export interface Repair {
  kinds: FindingKind[];
  trusts: boolean;
  changes: OAuthClientChanges;
}

/** What can and may be repaired, what was asked for always; null if nothing. What a person has disabled is left as it is. Pure. */
export function planRepair(
  { target, recorded, findings }: Comparison,
  policy: ReconciliationPolicy,
  changed: readonly ClientField[],
): Repair | null {
  const isDisabled = findings.some(({ kind }) => kind === 'CLIENT_DISABLED');
  const drift = policy.onDrift === 'raise' ? driftIn(findings, changed) : [];
  const kinds = isDisabled
    ? []
    : kindsOf(findings.filter((finding) => finding.repair !== null && !drift.includes(finding)));
  if (kinds.length === 0) return null;
  const has = (kind: FindingKind) => kinds.includes(kind);
  const { found } = recorded;
  const changes = {
    ...(has('CLIENT_RENAMED') ? { clientName: recorded.clientName } : {}),
    ...(has('GRANTS_CHANGED') ? { allowedGrantTypes: [...IMPERSONATION_GRANTS, ...(found?.grants ?? [])] } : {}),
    ...(has('SCOPES_CHANGED') ? { allowedScopes: [...target.scopes, ...(found?.scopes ?? [])] } : {}),
    ...(has('REDIRECT_URIS_CHANGED') ? { redirectUris: [...target.redirectUris, ...(found?.redirectUris ?? [])] } : {}),
    ...(has('ORIGINS_CHANGED') ? { allowedOrigins: [...target.allowedOrigins, ...(found?.allowedOrigins ?? [])] } : {}),
  };
  return { kinds, trusts: has('CONSENT_CHANGED'), changes };
}

/** What a comparison leaves to do: to repair what can be, to ask a person, or nothing. Pure. */
export function intentAfterComparison(
  comparison: Comparison,
  policy: ReconciliationPolicy,
  asked: readonly ClientField[],
): Intent | null {
  const { findings } = comparison;
  if (findings.length === 0) return null;
  const kinds = kindsOf(findings);
  const changed = asked.filter((field) => kinds.includes(KIND_OF_FIELD[field]));
  const phase = planRepair(comparison, policy, changed) === null ? 'raised' : 'drifted';
  return { phase, told: driftIn(findings, changed), ...(changed.length === 0 ? {} : { changed }) };
}

/** What a look comes to after the audit was told of `told`: what is new or differs in another way now, and what is again as it is wanted. Of a client that is gone, nothing is. Pure. */
export function compareWithTold(
  told: readonly Finding[],
  findings: readonly Finding[],
): { detected: Finding[]; repaired: FindingKind[] } {
  const kinds = kindsOf(findings);
  const isGone = kinds.includes('CLIENT_MISSING');
  return {
    detected: findings.filter((finding) => !told.some((one) => isDeepStrictEqual(one, finding))),
    repaired: isGone ? [] : kindsOf(told).filter((kind) => !kinds.includes(kind)),
  };
}
