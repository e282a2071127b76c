import { Problem } from '@app/http';
import { z } from 'zod';
import { AcceptedCustomer, NewCustomer } from './customer.schema.js';

/** Customers that one batch may sign up. */
const MOST_ITEMS = 1_000;

/** The body of a batch, as it is documented. */
export const CustomerBatch = z
  .strictObject({ customers: z.array(NewCustomer).min(1).max(MOST_ITEMS) })
  .meta({ id: 'CustomerBatch' });

/** The same as far as a request is judged as a whole: each item is judged for itself. */
export const BatchEnvelope = z.strictObject({ customers: z.array(z.unknown()).min(1).max(MOST_ITEMS) });
export type BatchEnvelope = z.output<typeof BatchEnvelope>;

const RefusedCustomer = z
  .object({ problem: Problem })
  .meta({ id: 'RefusedCustomer', description: 'Why the item was not accepted; `pointer` is relative to the item.' });

/** What became of each item of a batch. */
export const BatchResults = z
  .object({
    results: z
      .array(z.union([AcceptedCustomer, RefusedCustomer]))
      .meta({ description: 'One per item, in the order of the items.' }),
  })
  .meta({ id: 'BatchResults' });
export type BatchResults = z.output<typeof BatchResults>;
