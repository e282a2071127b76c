/** What the server answers with, as the server itself declares it. */
export type { RotationMode, RotationPolicy as ShownPolicy } from '@app/customers';
export type { PlanName } from '@app/runs';
export type { ShownAuditEvent } from '../../src/audit/audit-event.schema.js';
export type { ShownCustomer, ShownCustomerDetails } from '../../src/customers/customer.schema.js';
export type { BegunOffboarding } from '../../src/customers/offboarding.schema.js';
export type { Overview } from '../../src/overview/overview.controller.js';
export type { Pauses, ShownPause, ShownPauseDetails } from '../../src/pauses/pause.schema.js';
export type { ShownRun, ShownRunRow } from '../../src/runs/run.schema.js';
export type { BegunRotation } from '../../src/secrets/rotation.schema.js';
export type { ShownSecret } from '../../src/secrets/secret.schema.js';
export type { ShownSession } from '../../src/session/session.schema.js';
