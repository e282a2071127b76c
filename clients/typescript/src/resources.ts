import type { components, paths } from './generated/openapi.js';

type Schemas = components['schemas'];

/** What is asked for when a customer is signed up. */
export type NewCustomer = Omit<paths['/v1/customers']['post']['requestBody']['content']['application/json'], 'dryRun'>;

/** A customer as it is shown. */
export type Customer = Schemas['Customer'];

/** A customer that was signed up, and the run that onboards it. */
export interface AcceptedCustomer {
  customer: Customer;
  run: Run;
}

/** What it takes to act in a customer's tenant. */
export type Credentials = Schemas['Credentials'];

/** One execution of a plan. */
export type Run = Schemas['Run'];

/** Where a run stands. */
export type RunState = Run['state'];

/** One step of a run. */
export type RunStep = Schemas['RunStep'];
