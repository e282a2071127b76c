import { isInGrace, type RotationPolicy, USABLE_STATES } from '@app/customers';
import type { CustomerState } from '@app/platform';
import { hasStopped } from '@app/runs';
import { rotationModeOf } from '../runs/rotation-mode.js';
import type { SecretFacts } from './secret-facts.reader.js';

/** What an operator may ask about a customer's rotation now. The service decides; this only says what it would take. */
export interface RotationChoices {
  canRotate: boolean;
  canRotateInEmergency: boolean;
  canRollBack: boolean;
  /** Whether the rotation would go on sooner, or at all, if the OEM said that it uses the new secret. */
  canAcknowledge: boolean;
}

/** The choices for a customer in this state; without a policy, one that cannot be read is the customer's. */
export function rotationChoices(
  customer: CustomerState,
  { versions, wereEverRead, unfinished }: SecretFacts,
  policy: Pick<RotationPolicy, 'acknowledgement'> | null,
): RotationChoices {
  const isReady = USABLE_STATES.includes(customer);
  const inGrace = unfinished.find(({ step }) => isInGrace(step));
  const isAsked = policy === null || (policy.acknowledgement !== 'none' && wereEverRead);
  return {
    canRotate: isReady && unfinished.every(hasStopped),
    canRotateInEmergency: isReady,
    canRollBack:
      isReady &&
      inGrace !== undefined &&
      versions.some(({ state, retiredAt }) => state === 'previous' && retiredAt === null),
    canAcknowledge:
      isReady &&
      inGrace !== undefined &&
      rotationModeOf(inGrace) !== 'emergency' &&
      isAsked &&
      versions.some(({ state, acknowledgedAt }) => state === 'current' && acknowledgedAt === null),
  };
}
