import type { components, paths } from './generated/openapi.js';

type Schemas = components['schemas'];

/** What is asked for when a customer is signed up. */
export type NewCustomer = paths['/v1/customers']['post']['requestBody']['content']['application/json'];

/** A customer as it is shown. */
export type Customer = Schemas['Customer'];

/** What it takes to act in a customer's tenant. */
export type Credentials = Schemas['Credentials'];

/** One execution of a plan. */
export type Run = Schemas['Run'];

/** Where a run stands. */
export type RunState = Run['state'];

/** One step of a run. */
export type RunStep = Schemas['RunStep'];
