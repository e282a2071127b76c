import { Injectable, Optional } from '@nestjs/common';
import { DomainError, type Sql } from '@app/platform';
import type { ExistingClient } from '../new-customer.js';
import { ExistingClientsRepository } from './existing-clients.repository.js';
import { ExistingSecretSealing } from './existing-secret-sealing.js';

/** Stores, with a new customer, the client that it has already. */
@Injectable()
export class ExistingClientAcceptance {
  constructor(
    private readonly existingClients: ExistingClientsRepository,
    @Optional() private readonly sealing?: ExistingSecretSealing,
  ) {}

  /**
   * Does what must not be done between BEGIN and COMMIT; returns what writes the client, and its secret sealed, in the transaction that
   * stores the customer, and throws CLIENT_TAKEN there. Nothing is left behind if that never commits.
   */
  async prepare(customerId: string, { clientId, clientSecret }: ExistingClient): Promise<(tx: Sql) => Promise<void>> {
    const secret = clientSecret === undefined ? null : await this.#getSealing().seal(customerId, clientSecret);
    return async (tx) => {
      await this.refuseTaken(tx, clientId);
      await secret?.writeDataKey(tx);
      await this.existingClients.insert(tx, { customerId, clientId, secret });
    };
  }

  /** Throws CLIENT_TAKEN if the client is that of a live customer. */
  async refuseTaken(sql: Sql, clientId: string): Promise<void> {
    const holderId = await this.existingClients.findHolder(sql, clientId);
    if (holderId !== undefined) throw clientTaken(clientId, holderId);
  }

  #getSealing(): ExistingSecretSealing {
    if (this.sealing === undefined) throw new Error('This process has no vault to seal the secret of a client with.');
    return this.sealing;
  }
}

const clientTaken = (clientId: string, customerId: string): DomainError =>
  new DomainError(
    'conflict',
    'CLIENT_TAKEN',
    `The OAuth client "${clientId}" is that of the customer "${customerId}". Read that customer, or name the client that was made for this one.`,
    {
      facts: { customerId },
      fields: [{ pointer: '/existingClient/clientId', message: 'is the client of a live customer' }],
    },
  );
