/** The injection token of the configured tenant hosts, which say what regions there are. */
export const TENANT_HOST_SETTINGS = Symbol('TENANT_HOST_SETTINGS');

/** The parsed `tenantHostSettings`. */
export interface TenantHostSettings {
  QLIK_TENANT_HOSTS: string[];
  QLIK_REGIONS: string[];
}
