import { parseTenantHost, type TenantHostPolicy } from '@app/qlik';
import { ProblemError } from '../problems/problem-error.js';

/** The injection token of the configured allow-list of tenant hosts. */
export const TENANT_HOST_POLICY = Symbol('TENANT_HOST_POLICY');

/** Throws TENANT_HOST_INVALID, with the reason, for a host that is none of an allowed tenant. */
export function assertTenantHost(host: string, policy: TenantHostPolicy): void {
  const result = parseTenantHost(host, policy);
  if (result.ok) return;
  throw new ProblemError('TENANT_HOST_INVALID', result.reason, [{ pointer: '/tenantHost', message: result.reason }]);
}
