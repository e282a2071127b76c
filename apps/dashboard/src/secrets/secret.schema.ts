import { isInGrace, policyOf, type RotationDefaults, type RotationPolicy, RotationUnreadable } from '@app/customers';
import type { Customer } from '@app/platform';
import { rotationModeOf } from '../runs/rotation-mode.js';
import { rotationChoices } from './rotation-choices.js';
import type { SecretFacts, SecretVersionRow, UnfinishedRotation } from './secret-facts.reader.js';

/** How a customer's secret stands, and what may be asked about its rotation. */
export type ShownSecret = ReturnType<typeof showSecret>;

/** How the secret stands, as it is shown: never the secret, nor its hint. */
export function showSecret(
  { state, rotation, nextRotationAt }: Pick<Customer, 'state' | 'rotation' | 'nextRotationAt'>,
  facts: SecretFacts,
  defaults: RotationDefaults,
) {
  const { policy, policyProblem } = readPolicy(rotation, defaults);
  const { unfinished } = facts;
  const shown = unfinished.find(({ step }) => isInGrace(step)) ?? unfinished[0];
  return {
    policy,
    policyProblem,
    nextRotationAt: iso(nextRotationAt),
    /** The rotation that is not done. */
    rotation: shown === undefined ? null : showRotation(shown),
    versions: facts.versions.map(showVersion),
    ...rotationChoices(state, facts, policy),
  };
}

const showRotation = (run: UnfinishedRotation) => ({
  runId: run.id,
  mode: rotationModeOf(run),
  state: run.state,
  step: run.step,
});

const showVersion = (version: SecretVersionRow) => ({
  version: version.version,
  state: version.state,
  createdAt: version.createdAt.toISOString(),
  promotedAt: iso(version.promotedAt),
  firstReadAt: iso(version.firstReadAt),
  acknowledgedAt: iso(version.acknowledgedAt),
  retiredAt: iso(version.retiredAt),
  revokedAt: iso(version.revokedAt),
});

/** A policy that cannot be read is told as a problem: it must not hide how the secret stands. */
function readPolicy(
  rotation: unknown,
  defaults: RotationDefaults,
): { policy: RotationPolicy | null; policyProblem: string | null } {
  try {
    return { policy: policyOf(rotation, defaults), policyProblem: null };
  } catch (error) {
    if (!(error instanceof RotationUnreadable)) throw error;
    return { policy: null, policyProblem: error.message };
  }
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
