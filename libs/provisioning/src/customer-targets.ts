import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { RunView } from '@app/runs';
import { z } from 'zod';

const VerificationUser = z.object({ field: z.enum(['userId', 'subject']), value: z.string() });

/** What a customer's impersonation client is to look like. */
export interface CustomerTarget {
  customerId: string;
  tenantHost: string;
  redirectUris: string[];
  allowedOrigins: string[];
  scopes: string[];
  verificationUser: z.output<typeof VerificationUser> | null;
  /** When and how its secret is rotated, as stored. */
  rotation: unknown;
}

/** Reads what was asked for a customer: once for as long as a run is held, for while it is nothing else changes the customer. */
@Injectable()
export class CustomerTargets {
  readonly #read = new WeakMap<RunView, CustomerTarget>();

  constructor(private readonly database: Database) {}

  async get(run: RunView): Promise<CustomerTarget> {
    const known = this.#read.get(run);
    if (known !== undefined) return known;
    const rows = await this.database.sql.$queryRaw<(Omit<CustomerTarget, 'verificationUser'> & { user: unknown })[]>`
      SELECT id AS "customerId", tenant_host AS "tenantHost", redirect_uris AS "redirectUris",
        allowed_origins AS "allowedOrigins", scopes, rotation, verification_user AS user
      FROM customers WHERE id = ${run.customerId}::uuid`;
    const [row] = rows;
    if (row === undefined) throw new Error(`There is no customer "${run.customerId}".`);
    const { user, ...rest } = row;
    const target = { ...rest, verificationUser: VerificationUser.nullable().parse(user) };
    this.#read.set(run, target);
    return target;
  }
}
