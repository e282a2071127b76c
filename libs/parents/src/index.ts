export type { ChangedBy } from './parent-client-events.js';
export { type NewParentClient, ParentClientStoring } from './parent-client-storing.js';
export { type ListedParentClient, ParentClientsService } from './parent-clients.service.js';
export { ParentsModule } from './parents.module.js';
export { type StoredParentClient, StoredParentClients } from './stored-parent-clients.js';
export { StoredParentsModule } from './stored-parents.module.js';
