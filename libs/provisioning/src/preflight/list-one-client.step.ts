import { Injectable } from '@nestjs/common';
import { PreflightInput } from '@app/customers';
import { OAuthClientsApi } from '@app/qlik';
import type { Completed, Step, StepContext } from '@app/runs';
import { z } from 'zod';
import { callsOf } from '../qlik-calls.js';

const Output = z.object({
  listAllowed: z.literal(true),
  /** Whether the tenant has any OAuth client, of ours or not. */
  hasClients: z.boolean(),
});

/** Lists one OAuth client of the tenant, of whatever name: what an onboarding does first. */
@Injectable()
export class ListOneClientStep implements Step<z.output<typeof Output>, null> {
  readonly name = 'list-one-client';
  readonly output = Output;
  readonly retry = { maxAttempts: 5, baseMs: 500, maxMs: 15_000 };

  constructor(private readonly oauthClients: OAuthClientsApi) {}

  async run(context: StepContext<null>): Promise<Completed<z.output<typeof Output>>> {
    const { tenantHost } = PreflightInput.parse(context.run.input);
    const hasClients = await this.oauthClients.hasAny(tenantHost, callsOf(context));
    return { output: { listAllowed: true, hasClients } };
  }
}
