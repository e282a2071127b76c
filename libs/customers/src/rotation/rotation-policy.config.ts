import { durationSetting } from '@app/platform';
import { z } from 'zod';

const DAY_MS = 86_400_000;
const LONGEST_MS = 2 * 366 * DAY_MS;

/** How secrets are rotated where a customer's own `rotation` does not say. Durations leave the parser in milliseconds. */
export const rotationSettings = {
  ROTATION_INTERVAL_SECONDS: durationSetting(1, LONGEST_MS).default(90 * DAY_MS),
  ROTATION_GRACE_SECONDS: durationSetting(0, LONGEST_MS).default(DAY_MS),
  ROTATION_JITTER_SECONDS: durationSetting(0, LONGEST_MS).optional(),
  ROTATION_DEADLINE_SECONDS: durationSetting(0, LONGEST_MS).default(7 * DAY_MS),
  ROTATION_ACKNOWLEDGEMENT: z.enum(['none', 'read', 'call'], 'must be none, read or call').default('read'),
};

/** `rotationSettings`, parsed. */
export type RotationConfig = z.output<z.ZodObject<typeof rotationSettings>>;

/** What holds for a customer whose own `rotation` does not say. */
export class RotationDefaults {
  readonly intervalMs: number;
  readonly graceMs: number;
  /** Undefined: a tenth of the interval. */
  readonly jitterMs: number | undefined;
  readonly deadlineMs: number;
  readonly acknowledgement: 'none' | 'read' | 'call';

  constructor(config: RotationConfig) {
    this.intervalMs = config.ROTATION_INTERVAL_SECONDS;
    this.graceMs = config.ROTATION_GRACE_SECONDS;
    this.jitterMs = config.ROTATION_JITTER_SECONDS;
    this.deadlineMs = config.ROTATION_DEADLINE_SECONDS;
    this.acknowledgement = config.ROTATION_ACKNOWLEDGEMENT;
  }
}
