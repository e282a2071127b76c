export type { CallAdmissionOptions } from './admission/call-admission.module.js';
export type { CallContext, CallRecord, QlikOperation } from './call.js';
export { ClientSecretsApi, type CreatedClientSecret } from './client-secrets.js';
export { type ConnectionConfig, ConnectionConfigsApi } from './connection-configs.js';
export {
  hintsOf,
  IMPERSONATION_GRANTS,
  type NewOAuthClient,
  type OAuthClient,
  type OAuthClientChanges,
} from './oauth-client.schema.js';
export { type CreatedOAuthClient, type NamedClient, OAuthClientsApi } from './oauth-clients.js';
export { qlikAdmissionSettings, qlikConnectionSettings, qlikSettings } from './qlik.config.js';
export { ParentAccess } from './parent-access.js';
export type { ParentClient, ParentClients, ParentClientSource, SourcedParentClient } from './parent-client.js';
export { QlikModule, type QlikModuleOptions } from './qlik.module.js';
export { QlikError, type QlikErrorDetails, type QlikErrorFacts } from './qlik-error.js';
export type { QlikErrorCode, QlikFailure } from './qlik-error.table.js';
export {
  assertTenantRegion,
  parseTenantHost,
  regionOf,
  type TenantHostPolicy,
  tenantHostPolicy,
  type TenantHostResult,
  tenantHostSettings,
} from './tenant-host.js';
export { type AccessToken, type ClientCredentials, type Impersonation, TokensApi } from './tokens.js';
