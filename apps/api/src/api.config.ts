import { databaseSettings, integerSetting, parseConfig, processSettings } from '@app/platform';
import { rotationSettings } from '@app/customers';
import { qlikAdmissionSettings, qlikConnectionSettings, tenantHostSettings } from '@app/qlik';
import { queueSettings } from '@app/queue';
import { vaultSettings } from '@app/vault';
import { z } from 'zod';

const apiSettings = {
  ...processSettings,
  ...databaseSettings,
  ...queueSettings,
  ...vaultSettings,
  ...tenantHostSettings,
  ...qlikConnectionSettings,
  ...qlikAdmissionSettings,
  ...rotationSettings,
  /** 0 takes any free port. */
  PORT: integerSetting(0, 65_535).default(3000),
  /** Where callers reach this API, for its OpenAPI document. */
  PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'must be a URL such as https://onboarding.example' }).optional(),
};

/** What the API is configured with. */
export type ApiConfig = ReturnType<typeof readApiConfig>;

/** Reads the environment; throws ConfigurationError, which names keys and never values. */
export const readApiConfig = (env: NodeJS.ProcessEnv) => parseConfig(apiSettings, env);
