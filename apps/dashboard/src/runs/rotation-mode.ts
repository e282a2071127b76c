import { RotationInput, type RotationMode } from '@app/customers';
import type { Run } from '@app/platform';

/** How a rotation treats the old secret; null for a run of another plan. */
export const rotationModeOf = ({ plan, input }: Pick<Run, 'plan' | 'input'>): RotationMode | null =>
  plan === 'rotation' ? (RotationInput.safeParse(input).data?.mode ?? null) : null;
