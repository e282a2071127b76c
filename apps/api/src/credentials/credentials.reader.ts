import type { Caller } from '@app/access';
import { AuditTrail } from '@app/audit';
import { type CustomerState, Database, DomainError, type Secret } from '@app/platform';
import { Vault } from '@app/vault';
import { Injectable } from '@nestjs/common';

/** The states in which a customer's stored secret works. */
const USABLE_STATES: readonly CustomerState[] = ['ready', 'degraded'];

/** A customer's current secret, still sealed. */
export interface CurrentSecret {
  customerId: string;
  secretVersionId: string;
  oauthClientRowId: string;
  tenantHost: string;
  clientId: string;
  version: number;
  hint: string | null;
  sealed: string;
  dataKeyId: string;
}

/** Reads customers' credentials; the secret leaves the vault only together with its audit event. */
@Injectable()
export class CredentialsReader {
  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly audit: AuditTrail,
  ) {}

  /** Throws CUSTOMER_NOT_FOUND, CUSTOMER_OFFBOARDED or CUSTOMER_NOT_READY. */
  async getCurrent(customerId: string): Promise<CurrentSecret> {
    const customer = await this.database.client.customer.findUnique({
      where: { id: customerId },
      select: { state: true, secretVersions: { where: { state: 'current' }, include: { oauthClient: true } } },
    });
    if (customer === null) {
      throw new DomainError('not-found', 'CUSTOMER_NOT_FOUND', `There is no customer "${customerId}".`);
    }
    if (customer.state === 'offboarded') {
      throw new DomainError(
        'gone',
        'CUSTOMER_OFFBOARDED',
        `The customer "${customerId}" was offboarded; its secrets no longer exist.`,
      );
    }
    const [current] = customer.secretVersions;
    if (!USABLE_STATES.includes(customer.state) || current === undefined) throw notReady(customerId, customer.state);
    const { id: secretVersionId, version, hint, sealed, dataKeyId, oauthClient } = current;
    if (sealed === null) throw notReady(customerId, customer.state);
    const { id: oauthClientRowId, tenantHost, clientId } = oauthClient;
    return { customerId, secretVersionId, oauthClientRowId, tenantHost, clientId, version, hint, sealed, dataKeyId };
  }

  /** Opens the secret and commits `credentials.read` before it returns. Throws SECRET_UNREADABLE. */
  async reveal(current: CurrentSecret, caller: Caller, requestId: string): Promise<Secret> {
    const { customerId, secretVersionId, oauthClientRowId, version, sealed, dataKeyId } = current;
    const secret = await this.vault.open(
      { dataKeyId, sealed },
      {
        owner: { kind: 'customer', id: customerId },
        secretId: secretVersionId,
        version,
        purpose: 'impersonation-client-secret',
      },
    );
    await this.database.transaction((tx) =>
      this.audit.append(tx, {
        chain: customerId,
        action: 'credentials.read',
        actor: caller.actor,
        subject: { customerId, oauthClientId: oauthClientRowId, secretVersionId },
        data: { version },
        requestId,
      }),
    );
    return secret;
  }
}

const notReady = (customerId: string, state: CustomerState): DomainError =>
  new DomainError(
    'conflict',
    'CUSTOMER_NOT_READY',
    `The customer "${customerId}" is "${state}" and has no credentials to give. Follow its run until it is ready.`,
    { facts: { state } },
  );
