export { AccessModule } from './access.module.js';
export { AccessRefusals, type Refusal } from './access-refusals.js';
export { type AccessTokenOptions, AccessTokens } from './access-tokens/access-tokens.js';
export { jwtSettings, readAccessTokenOptions } from './access-tokens/jwt.config.js';
export { ApiKeys, type ApiKeyPage, type ApiKeyState, type ListedApiKey } from './api-keys.js';
export {
  API_KEY_DEFAULT_OVERLAP_MS,
  API_KEY_MAX_OVERLAP_MS,
  type ApiKeyReplacementRequest,
  type CreatedApiKey,
  type ReplacingApiKey,
} from './api-key-replacement.js';
export { API_KEY_MAX_LIFETIME_MS, isApiKeyName, type NewApiKey } from './new-api-key.js';
export { ApiKeyRefused, type ApiKeyRefusalCode } from './api-key-refused.js';
export { type Caller, requireScope } from './caller.js';
export { Callers } from './callers.js';
export { type NewLoginLink, OperatorLogins, type OperatorSession, type SignIn } from './operator-logins.js';
export { isScope, type Scope, scopes } from './scopes.js';
