import { Injectable } from '@nestjs/common';
import { type CallContext, OAuthClientsApi, QlikError } from '@app/qlik';
import { type Completed, type Step, StepFailure, type StepContext, waitUntil } from '@app/runs';
import { z } from 'zod';
import { CustomerTargets } from '../customer-targets.js';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import { listNamed } from '../onboarding/named-clients.js';
import { ProvisioningSettings } from '../provisioning-settings.js';
import { callsOf } from '../qlik-calls.js';
import { OpenCreationsReader } from './open-creations.reader.js';
import { nextSearchMove } from './search-decision.js';

const Output = z.object({
  /** The clients that Qlik has no more; one that somebody else had deleted is among them. */
  clientIds: z.array(z.string()),
});
type Output = z.output<typeof Output>;

/** What is about to be deleted: kept until the audit has it, should the process end in between. */
const DeletionIntent = z.object({ phase: z.literal('deleting'), clientIds: z.array(z.string()) });

/** Deletes the customer's client by its recorded id, whatever it is called by now, and clients that a lost answer left behind; then asks Qlik for each, and is told that it is gone. */
@Injectable()
export class DeleteClientsStep implements Step<Output> {
  readonly name = 'delete-clients';
  readonly output = Output;
  /** Some hours: a client that stays alive is worth patience. */
  readonly retry = { maxAttempts: 40, baseMs: 1_000, maxMs: 600_000 };

  constructor(
    private readonly targets: CustomerTargets,
    private readonly oauthClients: OAuthClientsApi,
    private readonly repository: OAuthClientsRepository,
    private readonly creations: OpenCreationsReader,
    private readonly settings: ProvisioningSettings,
  ) {}

  async run(context: StepContext): Promise<Completed<Output>> {
    const { customerId, tenantHost } = await this.targets.get(context.run);
    const recorded = await this.repository.findActive(customerId);
    const creations = await this.creations.list(customerId);
    const move = nextSearchMove(creations, context.now(), this.settings);
    if (move.kind === 'wait') throw waitUntil(move.until);
    const named = await listNamed(this.oauthClients, tenantHost, move.names, callsOf(context));
    const clientIds = [
      ...new Set([
        ...(context.intent === null ? [] : DeletionIntent.parse(context.intent).clientIds),
        ...creations.flatMap(({ removing }) => removing?.clientIds ?? []),
        ...(recorded === undefined ? [] : [recorded.clientId]),
        ...named.map(({ clientId }) => clientId),
      ]),
    ];
    if (clientIds.length > 0) await context.commitIntent({ phase: 'deleting', clientIds });
    for (const clientId of clientIds) await this.oauthClients.delete(tenantHost, clientId, callsOf(context));
    for (const clientId of clientIds) await this.#assertGone(tenantHost, clientId, callsOf(context));
    return { output: { clientIds } };
  }

  async #assertGone(host: string, clientId: string, calls: CallContext): Promise<void> {
    try {
      await this.oauthClients.get(host, clientId, calls);
    } catch (error) {
      if (error instanceof QlikError && error.code === 'CLIENT_NOT_FOUND') return;
      throw error;
    }
    throw stillThere(clientId);
  }
}

/** What was just deleted may show a moment longer, so it is deleted and asked for again first. */
function stillThere(clientId: string): StepFailure {
  return new StepFailure({
    kind: 'retry',
    exhausted: 'needs_attention',
    error: {
      code: 'CLIENT_STILL_THERE',
      message: `Qlik took the deletion of the OAuth client "${clientId}" and still shows the client.`,
      hint: 'Look in the tenant’s console whether the client is there, and delete it if it is; then retry the run.',
    },
  });
}
