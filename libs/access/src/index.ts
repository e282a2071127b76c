export { AccessModule } from './access.module.js';
export { AccessRefusals, type Refusal } from './access-refusals.js';
export { ApiKeys, type ApiKeyState, type ListedApiKey } from './api-keys.js';
export { API_KEY_MAX_LIFETIME_MS, type NewApiKey } from './new-api-key.js';
export { ApiKeyRefused, type ApiKeyRefusalCode } from './api-key-refused.js';
export { type Caller, requireScope } from './caller.js';
export { type NewLoginLink, OperatorLogins, type OperatorSession, type SignIn } from './operator-logins.js';
export { isScope, type Scope, scopes } from './scopes.js';
