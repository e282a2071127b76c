import { z } from 'zod';
import type { OAuthClient } from '../api/oauth-client.js';
import type { TenantStore } from '../tenants/tenant.store.js';

/** Whether somebody at Qlik has disabled the client. */
export const clientControlSchema = z.strictObject({ disabled: z.boolean() });

/** What a disabled client shows; Qlik documents that the field is set, and not to what. */
const disableTag = 'disabled';

/** Disables or enables a client; while it is disabled, reads show its `disableTag` and it gets no token. 404 if the tenant did not make it. */
export function disableClient(store: TenantStore, host: string, clientId: string, disabled: boolean): OAuthClient {
  const tenant = store.tenant(host);
  const { disableTag: _, ...enabled } = store.getOwnClient(tenant, clientId);
  const client: OAuthClient = disabled ? { ...enabled, disableTag } : enabled;
  store.commit(tenant, [{ kind: 'client', client }]);
  return client;
}
