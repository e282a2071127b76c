import { parseConfig } from '@app/platform';
import { tenantHostPolicy, tenantHostSettings } from '@app/qlik';
import { PLAN_NAMES, type PlanName } from '@app/runs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { assertTenantHost } from '../../api/src/customers/tenant-host-policy.js';

/** What is paused: a plan or a tenant. */
export type PauseTarget = { plan: PlanName; tenantHost?: undefined } | { plan?: undefined; tenantHost: string };

/** What the options of `addTargetOptions` leave. */
export interface TargetOptions {
  plan?: PlanName;
  tenant?: string;
}

/** Adds `--plan` and `--tenant`, of which one is given. */
export const addTargetOptions = (command: Command): Command =>
  command
    .addOption(new Option('--plan <plan>', 'every run of this plan').choices(PLAN_NAMES).conflicts('tenant'))
    .option('--tenant <host>', 'every run of the customer with this tenant');

/** Throws InvalidArgumentError where neither is given, and TENANT_HOST_INVALID. */
export function readTarget({ plan, tenant }: TargetOptions, env: NodeJS.ProcessEnv): PauseTarget {
  if (plan !== undefined) return { plan };
  if (tenant === undefined) throw new InvalidArgumentError('Give --plan or --tenant.');
  assertTenantHost(tenant, tenantHostPolicy(parseConfig(tenantHostSettings, env)));
  return { tenantHost: tenant };
}

/** As people read it. */
export const tellTarget = ({ plan, tenantHost }: { plan?: string | null; tenantHost?: string | null }): string =>
  plan === undefined || plan === null ? `the tenant "${tenantHost}"` : `the plan "${plan}"`;
