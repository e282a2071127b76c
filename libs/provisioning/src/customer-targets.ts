import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { RunView } from '@app/runs';
import { z } from 'zod';

const VerificationUser = z.object({ field: z.enum(['userId', 'subject']), value: z.string() });

const ExistingClientTarget = z.object({
  clientId: z.string(),
  /** Its secret as the API sealed it; null if the OEM gave none, or once the customer was ready. */
  sealed: z.string().nullable(),
  dataKeyId: z.string().nullable(),
  /** When the customer was signed up with it. */
  namedAt: z.coerce.date(),
});
/** The client that the OEM had made itself. */
export type ExistingClientTarget = z.output<typeof ExistingClientTarget>;

/** What a customer's impersonation client is to look like. */
export interface CustomerTarget {
  customerId: string;
  tenantHost: string;
  redirectUris: string[];
  allowedOrigins: string[];
  scopes: string[];
  verificationUser: z.output<typeof VerificationUser> | null;
  /** The client to enrol; null for a customer whose client is made here. */
  existingClient: ExistingClientTarget | null;
  /** When and how its secret is rotated, as it was stored when the run was claimed: `getRotation` says how it is now. */
  rotation: unknown;
}

/** Reads what was asked for a customer: once for as long as a run is held, for while it is nothing that concerns Qlik can change; its rotation policy can. */
@Injectable()
export class CustomerTargets {
  readonly #read = new WeakMap<RunView, CustomerTarget>();

  constructor(private readonly database: Database) {}

  async get(run: RunView): Promise<CustomerTarget> {
    const known = this.#read.get(run);
    if (known !== undefined) return known;
    const rows = await this.database.sql.$queryRaw<
      (Omit<CustomerTarget, 'verificationUser' | 'existingClient'> & { user: unknown; existingClient: unknown })[]
    >`
      SELECT id AS "customerId", tenant_host AS "tenantHost", redirect_uris AS "redirectUris",
        allowed_origins AS "allowedOrigins", scopes, rotation, verification_user AS user,
        CASE WHEN existing.client_id IS NOT NULL THEN json_build_object(
          'clientId', existing.client_id, 'sealed', existing.sealed, 'dataKeyId', existing.data_key_id,
          'namedAt', existing.created_at
        ) END AS "existingClient"
      FROM customers LEFT JOIN existing_clients existing ON existing.customer_id = customers.id WHERE id = ${run.customerId}::uuid`;
    const [row] = rows;
    if (row === undefined) throw new Error(`There is no customer "${run.customerId}".`);
    const { user, existingClient, ...rest } = row;
    const target = {
      ...rest,
      verificationUser: VerificationUser.nullable().parse(user),
      existingClient: ExistingClientTarget.nullable().parse(existingClient),
    };
    this.#read.set(run, target);
    return target;
  }

  /** When and how the customer's secret is rotated, as stored now: a request may change it while a run is held. */
  async getRotation(customerId: string): Promise<unknown> {
    const [customer] = await this.database.sql.$queryRaw<{ rotation: unknown }[]>`
      SELECT rotation FROM customers WHERE id = ${customerId}::uuid`;
    return customer?.rotation ?? null;
  }
}
