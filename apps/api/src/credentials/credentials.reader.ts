import type { Caller } from '@app/access';
import { AuditTrail } from '@app/audit';
import { assertUsable, customerNotFound, customerNotReady, RotationsService, USABLE_STATES } from '@app/customers';
import { Database, type Run, type Secret, type Sql } from '@app/platform';
import { RunsService } from '@app/runs';
import { Vault } from '@app/vault';
import { Injectable } from '@nestjs/common';

/** A customer's credentials, with the secret still sealed. */
export interface SealedCredentials {
  customerId: string;
  secretVersionId: string;
  oauthClientRowId: string;
  tenantHost: string;
  clientId: string;
  version: number;
  hint: string | null;
  sealed: string;
  dataKeyId: string;
  /** When the secret is replaced next. */
  rotatesAt: Date | null;
}

/** Another secret became current between the look and the read. */
class SecretReplaced extends Error {}

/** Reads customers' credentials; the secret leaves the vault only together with its audit event. */
@Injectable()
export class CredentialsReader {
  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly rotations: RotationsService,
    private readonly runs: RunsService,
    private readonly audit: AuditTrail,
  ) {}

  /** Throws CUSTOMER_NOT_FOUND, CUSTOMER_OFFBOARDED or CUSTOMER_NOT_READY. */
  async getCurrent(customerId: string): Promise<SealedCredentials> {
    const customer = await this.database.client.customer.findUnique({
      where: { id: customerId },
      select: {
        state: true,
        nextRotationAt: true,
        secretVersions: { where: { state: 'current' }, include: { oauthClient: true } },
      },
    });
    if (customer === null) throw customerNotFound(customerId);
    assertUsable(customerId, customer.state, 'credentials to give');
    const [current] = customer.secretVersions;
    if (current?.sealed == null) throw customerNotReady(customerId, customer.state, 'credentials to give');
    const { id: secretVersionId, version, hint, sealed, dataKeyId, oauthClient } = current;
    const { id: oauthClientRowId, tenantHost, clientId } = oauthClient;
    return {
      ...{ customerId, secretVersionId, oauthClientRowId, tenantHost, clientId, version, hint, sealed, dataKeyId },
      rotatesAt: customer.nextRotationAt,
    };
  }

  /**
   * Opens the secret, or that of a newer version which took its place meanwhile, and commits the read before it returns: the audit event, and
   * what it means for a rotation that waits for a read. Throws what `getCurrent` throws, and SECRET_UNREADABLE.
   */
  async reveal(
    credentials: SealedCredentials,
    caller: Caller,
    requestId: string,
  ): Promise<{ credentials: SealedCredentials; secret: Secret }> {
    const secret = await this.#open(credentials);
    try {
      await this.#commitRead(credentials, caller, requestId);
      return { credentials, secret };
    } catch (error) {
      if (!(error instanceof SecretReplaced)) throw error;
      return this.reveal(await this.getCurrent(credentials.customerId), caller, requestId);
    }
  }

  #open({ customerId, secretVersionId, version, sealed, dataKeyId }: SealedCredentials): Promise<Secret> {
    return this.vault.open(
      { dataKeyId, sealed },
      {
        owner: { kind: 'customer', id: customerId },
        secretId: secretVersionId,
        version,
        purpose: 'impersonation-client-secret',
      },
    );
  }

  async #commitRead(
    { customerId, secretVersionId, oauthClientRowId, version }: SealedCredentials,
    { actor }: Caller,
    requestId: string,
  ): Promise<void> {
    const woken = await this.database.sqlTransaction(async (tx): Promise<Run | undefined> => {
      // Runs are locked before secret versions, as a worker does that makes another version the current one.
      const run = await this.rotations.noteRead(tx, customerId, secretVersionId, { actor, requestId });
      if (!(await isCurrent(tx, secretVersionId))) throw new SecretReplaced();
      await this.audit.append(tx, {
        chain: customerId,
        action: 'credentials.read',
        actor,
        subject: { customerId, oauthClientId: oauthClientRowId, secretVersionId },
        data: { version },
        requestId,
      });
      return run;
    });
    if (woken !== undefined) this.runs.wake(woken);
  }
}

/** Also keeps it from being replaced, and its customer from being offboarded, until the transaction ends: who is given a version is counted among its readers before it is a former one. */
async function isCurrent(tx: Sql, secretVersionId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM secret_versions JOIN customers ON customers.id = secret_versions.customer_id
    WHERE secret_versions.id = ${secretVersionId}::uuid AND secret_versions.state = 'current'
      AND customers.state = ANY(${USABLE_STATES}::customer_state[])
    FOR SHARE`;
  return rows.length === 1;
}
