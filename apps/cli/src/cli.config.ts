import { rotationSettings } from '@app/customers';
import { databaseSettings, processSettings } from '@app/platform';
import { tenantHostSettings } from '@app/qlik';
import { queueSettings } from '@app/queue';
import { vaultSettings } from '@app/vault';
import type { z } from 'zod';

/** The settings of commands for customers and runs: as the API has them. */
export const cliSettings = {
  NODE_ENV: processSettings.NODE_ENV,
  ...databaseSettings,
  ...queueSettings,
  ...tenantHostSettings,
  ...rotationSettings,
  ...vaultSettings,
};

/** `cliSettings`, parsed. */
export type CliConfig = z.output<z.ZodObject<typeof cliSettings>>;
