import { Injectable } from '@nestjs/common';
import { CustomerStates } from '@app/customers';
import type { Sql } from '@app/platform';
import type { Completed, RunEvent, Step, StepContext } from '@app/runs';
import { Vault } from '@app/vault';
import { z } from 'zod';
import { OAuthClientsRepository } from '../oauth-clients.repository.js';
import { DeleteClientsStep } from './delete-clients.step.js';

const Output = z.object({ clientsDeleted: z.number() });

/** In one transaction: the client is recorded as deleted, its sealed secrets are removed, the customer's data key is destroyed, and the customer is offboarded. The audit stays. */
@Injectable()
export class ForgetCustomerStep implements Step<z.output<typeof Output>> {
  readonly name = 'forget-customer';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 1_000, maxMs: 60_000 };

  constructor(
    private readonly deleteClients: DeleteClientsStep,
    private readonly repository: OAuthClientsRepository,
    private readonly customerStates: CustomerStates,
    private readonly vault: Vault,
  ) {}

  run(context: StepContext): Promise<Completed<z.output<typeof Output>>> {
    const { clientIds } = context.output(this.deleteClients);
    return Promise.resolve({
      output: { clientsDeleted: clientIds.length },
      intent: null,
      commit: (tx) => this.#forget(tx, context.run.customerId, clientIds),
    });
  }

  async #forget(tx: Sql, customerId: string, clientIds: readonly string[]): Promise<RunEvent[]> {
    const recorded = await this.repository.findActiveIn(tx, customerId);
    const revoked = recorded === undefined ? [] : await this.repository.markDeleted(tx, recorded.id);
    await this.customerStates.change(tx, customerId, 'offboarded');
    // Appends to the audit itself: whatever else is locked comes before.
    await this.vault.destroyDataKey(tx, { kind: 'customer', id: customerId });
    const data = { because: 'offboarded' };
    return [
      ...clientIds.map((clientId): RunEvent => ({
        action: 'oauth_client.deleted',
        subject: { clientId, ...(clientId === recorded?.clientId ? { oauthClientId: recorded.id } : {}) },
        data,
      })),
      ...revoked.map((id): RunEvent => ({ action: 'secret.revoked', subject: { secretVersionId: id }, data })),
      { action: 'customer.offboarded' },
    ];
  }
}
