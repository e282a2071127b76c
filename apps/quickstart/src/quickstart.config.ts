import { resolve } from 'node:path';
import { integerSetting, parseConfig } from '@app/platform';
import { z } from 'zod';

/** What moves things in the quickstart. */
export function parseQuickstartConfig(env: NodeJS.ProcessEnv) {
  return parseConfig(
    {
      DATA_DIR: z
        .string()
        .default('.data')
        .transform((path) => resolve(path)),
      API_PORT: integerSetting(0, 65_535).default(3000),
      DASHBOARD_PORT: integerSetting(0, 65_535).default(3001),
      SANDBOX_PORT: integerSetting(0, 65_535).default(4600),
    },
    env,
  );
}

export type QuickstartConfig = ReturnType<typeof parseQuickstartConfig>;
