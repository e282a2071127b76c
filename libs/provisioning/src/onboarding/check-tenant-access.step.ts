import { Injectable } from '@nestjs/common';
import { OAuthClientsApi } from '@app/qlik';
import type { Completed, Step, StepContext } from '@app/runs';
import { Vault } from '@app/vault';
import { z } from 'zod';
import { OnboardingTargets } from '../onboarding-targets.js';
import { callsOf } from '../qlik-calls.js';
import { CLIENT_MARKER } from './client-name.js';

const Output = z.object({ tenantHost: z.string() });

/** Proves, before anything is made, that the parent client may enter the tenant and see its OAuth clients, and that a secret could be sealed. */
@Injectable()
export class CheckTenantAccessStep implements Step<z.output<typeof Output>> {
  readonly name = 'check-tenant-access';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 500, maxMs: 60_000 };

  constructor(
    private readonly targets: OnboardingTargets,
    private readonly oauthClients: OAuthClientsApi,
    private readonly vault: Vault,
  ) {}

  async run(context: StepContext): Promise<Completed<z.output<typeof Output>>> {
    const { customerId, tenantHost } = await this.targets.get(context.run);
    await Promise.all([
      this.oauthClients.list(tenantHost, { clientName: CLIENT_MARKER }, callsOf(context)),
      this.vault.ensureDataKey({ kind: 'customer', id: customerId }),
    ]);
    return { output: { tenantHost } };
  }
}
