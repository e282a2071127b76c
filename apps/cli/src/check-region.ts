import { parseConfig } from '@app/platform';
import { assertTenantRegion, tenantHostSettings } from '@app/qlik';

/** Throws REGION_UNKNOWN for a region in which no tenant can be that the environment allows, and ConfigurationError. */
export function checkRegion(env: NodeJS.ProcessEnv, region: string): void {
  assertTenantRegion(parseConfig(tenantHostSettings, env), region);
}
