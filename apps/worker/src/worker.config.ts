import {
  ConfigurationError,
  databaseSettings,
  integerSetting,
  parseConfig,
  processSettings,
  secondsSetting,
} from '@app/platform';
import { auditCheckSettings } from '@app/audit';
import { rotationSettings } from '@app/customers';
import { reconciliationSettings } from '@app/provisioning';
import { qlikSettings, tenantHostSettings } from '@app/qlik';
import { queueSettings } from '@app/queue';
import { runSettings } from '@app/runs';
import { vaultSettings } from '@app/vault';
import { webhookSettings } from '@app/webhooks';

const settings = {
  ...processSettings,
  ...databaseSettings,
  ...queueSettings,
  ...vaultSettings,
  ...webhookSettings,
  ...qlikSettings,
  ...tenantHostSettings,
  ...runSettings,
  ...rotationSettings,
  ...reconciliationSettings,
  ...auditCheckSettings,
  PORT: integerSetting(0, 65_535).default(3002),
  /** Runs that this process works on at once. */
  WORKER_CONCURRENCY: integerSetting(1, 500).default(20),
  /** How often due runs without a wake-up are looked for. */
  SWEEP_SECONDS: secondsSetting.default(5_000),
};

export type WorkerConfig = ReturnType<typeof parseWorkerConfig>;

/** What the worker reads from its environment. Throws ConfigurationError. */
export function parseWorkerConfig(env: NodeJS.ProcessEnv) {
  const config = parseConfig(settings, env);
  // A lease that a single call could outlast would let two workers act at once.
  if (config.RUN_LEASE_SECONDS < config.QLIK_TIMEOUT_SECONDS * 2) {
    throw new ConfigurationError(
      'The configuration is not usable.\n  RUN_LEASE_SECONDS: must be at least twice QLIK_TIMEOUT_SECONDS',
    );
  }
  return config;
}
