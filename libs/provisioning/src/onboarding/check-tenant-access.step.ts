import { Injectable } from '@nestjs/common';
import { OAuthClientsApi } from '@app/qlik';
import type { Completed, Step, StepContext } from '@app/runs';
import { z } from 'zod';
import { OnboardingTargets } from '../onboarding-targets.js';
import { callsOf } from '../qlik-calls.js';
import { CLIENT_MARKER } from './client-name.js';

const Output = z.object({ tenantHost: z.string() });

/** Proves that the parent client may enter the tenant and see its OAuth clients, before anything is made there. */
@Injectable()
export class CheckTenantAccessStep implements Step<z.output<typeof Output>> {
  readonly name = 'check-tenant-access';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 500, maxMs: 60_000 };

  constructor(
    private readonly targets: OnboardingTargets,
    private readonly oauthClients: OAuthClientsApi,
  ) {}

  async run(context: StepContext): Promise<Completed<z.output<typeof Output>>> {
    const { tenantHost } = await this.targets.get(context.run.customerId);
    await this.oauthClients.list(tenantHost, { clientName: CLIENT_MARKER }, callsOf(context));
    return { output: { tenantHost } };
  }
}
