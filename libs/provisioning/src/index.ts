export { ParentClientWatch } from './parent-client-watch.js';
export { ProvisioningModule } from './provisioning.module.js';
export { ProvisioningSettings } from './provisioning-settings.js';
export { ReconciliationPolicy, reconciliationSettings } from './reconciliation/reconciliation-policy.js';
export { ReconciliationSweep } from './reconciliation/reconciliation-sweep.js';
export { RotationSweep } from './rotation/rotation-sweep.js';
export { type SecretAges, SecretAgesReader } from './rotation/secret-ages.reader.js';
