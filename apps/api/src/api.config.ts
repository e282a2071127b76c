import { jwtSettings, readAccessTokenOptions } from '@app/access';
import { databaseSettings, integerSetting, parseConfig, processSettings } from '@app/platform';
import { rotationSettings } from '@app/customers';
import { qlikAdmissionSettings, qlikConnectionSettings, tenantHostSettings } from '@app/qlik';
import { queueSettings } from '@app/queue';
import { vaultSettings } from '@app/vault';
import { webhookSettings } from '@app/webhooks';
import { z } from 'zod';
import { trustedProxies } from './http/trusted-proxies.js';

const apiSettings = {
  ...processSettings,
  ...databaseSettings,
  ...queueSettings,
  ...vaultSettings,
  ...webhookSettings,
  ...tenantHostSettings,
  ...qlikConnectionSettings,
  ...qlikAdmissionSettings,
  ...rotationSettings,
  ...jwtSettings,
  /** Requests of one caller to this process in a minute; 0 is no limit. */
  API_REQUESTS_PER_MINUTE: integerSetting(0, 10_000_000).default(1_200),
  /** Requests of one address without a usable key or token, in a minute; 0 is no limit. */
  API_REFUSALS_PER_MINUTE: integerSetting(0, 10_000_000).default(60),
  /** The proxies in front of this process, which alone are believed whom they speak for. */
  TRUSTED_PROXIES: trustedProxies.optional(),
  /** 0 takes any free port. */
  PORT: integerSetting(0, 65_535).default(3000),
  /** Where callers reach this API, for its OpenAPI document. */
  PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'must be a URL such as https://onboarding.example' }).optional(),
};

/** What the API is configured with. */
export type ApiConfig = ReturnType<typeof readApiConfig>;

/** Reads the environment; throws ConfigurationError, which names keys and never values. */
export function readApiConfig(env: NodeJS.ProcessEnv) {
  const config = parseConfig(apiSettings, env);
  return {
    ...config,
    accessTokens: readAccessTokenOptions(config),
    /** How long a token may take: waiting for its turn at a busy tenant, and the call. */
    tokenDeadlineMs: 2 * config.QLIK_TIMEOUT_SECONDS,
  };
}
