import { durationSetting } from '@app/platform';

const LONGEST_MS = 366 * 86_400_000;

/** How often every chain is verified; 0 for never. Leaves the parser in milliseconds. */
export const auditCheckSettings = {
  AUDIT_CHECK_INTERVAL_SECONDS: durationSetting(0, LONGEST_MS).default(86_400_000),
};
