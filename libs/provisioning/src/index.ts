export { ProvisioningModule } from './provisioning.module.js';
export { ProvisioningSettings } from './provisioning-settings.js';
