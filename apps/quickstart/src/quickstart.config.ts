import { resolve } from 'node:path';
import { integerSetting, parseConfig } from '@app/platform';
import { z } from 'zod';

/** The settings of API and worker that a demonstration may want to change. */
const HANDED_ON = /^(ROTATION|RECONCILIATION)_/;

/** What moves things in the quickstart, and what it hands on to its parts. */
export function parseQuickstartConfig(env: NodeJS.ProcessEnv) {
  const config = parseConfig(
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
  return { ...config, handedOn: Object.fromEntries(Object.entries(env).filter(([key]) => HANDED_ON.test(key))) };
}

export type QuickstartConfig = ReturnType<typeof parseQuickstartConfig>;
