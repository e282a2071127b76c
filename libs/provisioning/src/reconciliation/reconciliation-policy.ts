import { durationSetting } from '@app/platform';
import { z } from 'zod';

const LONGEST_MS = 366 * 86_400_000;

/** How often customers are compared with Qlik, and what is done about a difference. Durations leave the parser in milliseconds. */
export const reconciliationSettings = {
  RECONCILIATION_INTERVAL_SECONDS: durationSetting(0, LONGEST_MS).default(86_400_000),
  RECONCILIATION_POLICY: z.enum(['repair', 'raise'], 'must be repair or raise').default('repair'),
};

/** How a process reconciles. */
export class ReconciliationPolicy {
  constructor(
    /** From one comparison of a customer to the next; 0 for none. */
    readonly intervalMs: number,
    /** What can be repaired is repaired, or a person is asked about it like about the rest. */
    readonly onDrift: 'repair' | 'raise',
  ) {}
}
