/** Every plan there is, for processes that know plans by name only; `Plans` (provisioning) has their steps. */
export const PLAN_NAMES = ['onboarding', 'rotation', 'reconciliation', 'offboarding', 'preflight'] as const;

/** The name of a plan. */
export type PlanName = (typeof PLAN_NAMES)[number];
