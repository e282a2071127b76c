/** The steps of a rotation, in order. */
export const ROTATION_STEPS = ['mint', 'verify', 'promote', 'grace', 'retire', 'prove-revoked'] as const;

type StepName = string | null;

const position = (step: StepName): number => (ROTATION_STEPS as readonly StepName[]).indexOf(step);

/** Whether a rotation that stands at `step` (null: before its first) can still take everything back. */
export function isBeforePromotion(step: StepName): boolean {
  return position(step) < position('promote');
}

/** Whether a rotation that stands at `step` has made its new secret the current one. */
export function hasPromoted(step: StepName): boolean {
  return position(step) > position('promote');
}

/** Whether the new secret is current and the old one still untouched. */
export function isInGrace(step: StepName): boolean {
  return step === 'grace';
}
