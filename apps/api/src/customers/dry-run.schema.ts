import { z } from 'zod';
import { Run } from '../runs/run.schema.js';
import { AcceptedCustomer, Customer, NewCustomer } from './customer.schema.js';

/** What is asked for when a customer is signed up, or when it is asked what would become of that. */
export const SignUp = NewCustomer.safeExtend({
  dryRun: z
    .union([z.boolean(), z.literal('tenant')])
    .default(false)
    .meta({
      description:
        '`true`: only say whether the customer would be accepted. `"tenant"`: also begin a run that tries to enter the tenant. Neither signs anybody up.',
    }),
}).meta({ id: 'SignUp' });
export type SignUp = z.output<typeof SignUp>;

/** A customer as it would be accepted. */
const AcceptableCustomer = Customer.pick({
  externalId: true,
  name: true,
  tenantHost: true,
  redirectUris: true,
  allowedOrigins: true,
  scopes: true,
  verificationUser: true,
  rotation: true,
  metadata: true,
}).meta({ id: 'AcceptableCustomer' });

/** The answer to a dry run that the API alone can give. */
export const DryRun = z
  .object({ dryRun: z.literal(true), customer: AcceptableCustomer })
  .meta({ id: 'DryRun', description: 'The customer would be accepted so; nothing was written.' });
export type DryRun = z.output<typeof DryRun>;

/** The answer to a dry run against the tenant. */
const StartedPreflight = z
  .object({ run: Run })
  .meta({ id: 'StartedPreflight', description: 'The run that tries to enter the tenant; no customer was made.' });

/** What a sign-up is accepted with: the customer and its run, or for a dry run against the tenant the run alone. */
export const AcceptedSignUp = z.union([AcceptedCustomer, StartedPreflight]);
export type AcceptedSignUp = z.output<typeof AcceptedSignUp>;

/** What would be stored. */
export function showDryRun(input: NewCustomer): DryRun {
  const { verificationUser = null, rotation = null } = input;
  return { dryRun: true, customer: AcceptableCustomer.parse({ ...input, verificationUser, rotation }) };
}
