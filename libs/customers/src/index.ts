export { CustomerStates } from './customer-states.js';
export { CustomerStatesModule } from './customer-states.module.js';
export { CustomersModule } from './customers.module.js';
export { type CustomerQuery, CustomersReader, type CustomerWithRun } from './customers.reader.js';
export { type Accepted, CustomersService, type RequestTrace } from './customers.service.js';
export type { Caller, NewCustomer, RotationSettings } from './new-customer.js';
