import { rotationSettings } from '@app/customers';
import { databaseSettings, integerSetting, parseConfig, processSettings } from '@app/platform';
import { queueSettings } from '@app/queue';

const settings = {
  ...processSettings,
  ...databaseSettings,
  ...queueSettings,
  ...rotationSettings,
  /** 0 takes any free port. */
  PORT: integerSetting(0, 65_535).default(3001),
};

/** What the dashboard is configured with: no key to the vault, and nothing of Qlik. */
export type DashboardConfig = ReturnType<typeof parseDashboardConfig>;

/** What the dashboard reads from its environment. Throws ConfigurationError. */
export const parseDashboardConfig = (env: NodeJS.ProcessEnv) => parseConfig(settings, env);
