import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import { z } from 'zod';

const VerificationUser = z.object({ field: z.enum(['userId', 'subject']), value: z.string() });

/** What a customer's impersonation client is to look like. */
export interface OnboardingTarget {
  customerId: string;
  tenantHost: string;
  redirectUris: string[];
  allowedOrigins: string[];
  scopes: string[];
  verificationUser: z.output<typeof VerificationUser> | null;
}

/** Reads what was asked for a customer. */
@Injectable()
export class OnboardingTargets {
  constructor(private readonly database: Database) {}

  async get(customerId: string): Promise<OnboardingTarget> {
    const rows = await this.database.client.$queryRaw<
      (Omit<OnboardingTarget, 'verificationUser'> & { user: unknown })[]
    >`
      SELECT id AS "customerId", tenant_host AS "tenantHost", redirect_uris AS "redirectUris",
        allowed_origins AS "allowedOrigins", scopes, verification_user AS user
      FROM customers WHERE id = ${customerId}::uuid`;
    const [row] = rows;
    if (row === undefined) throw new Error(`There is no customer "${customerId}".`);
    const { user, ...target } = row;
    return { ...target, verificationUser: VerificationUser.nullable().parse(user) };
  }
}
