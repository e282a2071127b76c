export { DataKeyHandle } from './data-key-handle.js';
export { type KeyOwner } from './key-owner.js';
export { type DataKeyContext, KEY_PROVIDER, type KeyProvider, type WrappedDataKey } from './key-provider.js';
export { type LocalKey, LocalKeyProvider } from './local-key-provider.js';
export { type SealedSecret, type SecretContext, type SecretPurpose } from './secret-context.js';
export { openKeyProvider, type VaultConfig, vaultSettings } from './vault.config.js';
export { type VaultCheck, VaultError, type VaultErrorCode } from './vault-error.js';
export { Vault } from './vault.js';
export { VaultModule } from './vault.module.js';
