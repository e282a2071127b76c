import { DomainError } from '@app/platform';
import { parseTenantHost, type TenantHostPolicy } from '@app/qlik';

/** The injection token of the configured allow-list of tenant hosts. */
export const TENANT_HOST_POLICY = Symbol('TENANT_HOST_POLICY');

/** Throws TENANT_HOST_INVALID, with the reason, for a host that is none of an allowed tenant. */
export function assertTenantHost(host: string, policy: TenantHostPolicy): void {
  const result = parseTenantHost(host, policy);
  if (result.ok) return;
  throw new DomainError('invalid', 'TENANT_HOST_INVALID', result.reason, {
    fields: [{ pointer: '/tenantHost', message: result.reason }],
  });
}
