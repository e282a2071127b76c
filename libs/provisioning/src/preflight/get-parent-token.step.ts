import { Injectable } from '@nestjs/common';
import { PreflightInput } from '@app/customers';
import { ParentAccess, regionOf } from '@app/qlik';
import type { Completed, Step, StepContext } from '@app/runs';
import { z } from 'zod';
import { callsOf } from '../qlik-calls.js';

const Output = z.object({ region: z.string(), parentAccepted: z.literal(true) });

/** Gets a token for the tenant with the parent client of its region. */
@Injectable()
export class GetParentTokenStep implements Step<z.output<typeof Output>, null> {
  readonly name = 'get-parent-token';
  readonly output = Output;
  /** Somebody waits for the answer: about half a minute of pauses. */
  readonly retry = { maxAttempts: 5, baseMs: 500, maxMs: 15_000 };

  constructor(private readonly parentAccess: ParentAccess) {}

  async run(context: StepContext<null>): Promise<Completed<z.output<typeof Output>>> {
    const { tenantHost } = PreflightInput.parse(context.run.input);
    // A token that is hours old says nothing about whether the parent client is let in now.
    this.parentAccess.forget(tenantHost);
    await this.parentAccess.token(tenantHost, callsOf(context));
    return { output: { region: regionOf(tenantHost)!, parentAccepted: true } };
  }
}
