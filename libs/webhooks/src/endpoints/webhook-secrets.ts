import { randomBytes } from 'node:crypto';
import { Secret, type Sql } from '@app/platform';
import { type DataKeyHandle, type KeyOwner, type SecretContext, Vault } from '@app/vault';
import { Injectable } from '@nestjs/common';
import { v7 } from 'uuid';

/** Bytes of a secret; Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32;

/** How long the secret before the newest signs beside it, in ms. */
const OVERLAP_MS = 86_400_000;

interface StoredSecret {
  id: string;
  version: number;
  sealed: string;
  dataKeyId: string;
}

/** Whose data key seals the secrets of an endpoint. */
export const keyOwnerOf = (endpointId: string): KeyOwner => ({ kind: 'endpoint', id: endpointId });

/** The signing secrets of endpoints, sealed by the vault. */
@Injectable()
export class WebhookSecrets {
  constructor(private readonly vault: Vault) {}

  /** The data key of an endpoint, to be had before the transaction that adds a secret. Throws what the vault throws. */
  ensureDataKey(endpointId: string): Promise<DataKeyHandle> {
    return this.vault.ensureDataKey(keyOwnerOf(endpointId));
  }

  /** Makes a secret, the newest of its endpoint, and stores it sealed. The caller's transaction holds the endpoint's row, or made it. */
  async add(tx: Sql, endpointId: string, dataKey: DataKeyHandle): Promise<Secret> {
    const [former] = await tx.$queryRaw<{ version: number }[]>`
      SELECT version FROM webhook_secrets WHERE endpoint_id = ${endpointId}::uuid ORDER BY version DESC LIMIT 1`;
    const id = v7();
    const version = (former?.version ?? 0) + 1;
    const secret = new Secret(`whsec_${randomBytes(SECRET_BYTES).toString('base64')}`);
    const { sealed, dataKeyId } = await this.vault.seal(dataKey, secret, contextOf(endpointId, { id, version }));
    await tx.$executeRaw`
      INSERT INTO webhook_secrets (id, endpoint_id, version, sealed, data_key_id)
      VALUES (${id}::uuid, ${endpointId}::uuid, ${version}, ${sealed}, ${dataKeyId}::uuid)`;
    return secret;
  }

  /** Lets the newest secret sign for the overlap only, and forgets those before it: at most two ever sign. */
  async retire(tx: Sql, endpointId: string): Promise<void> {
    await tx.$executeRaw`DELETE FROM webhook_secrets WHERE endpoint_id = ${endpointId}::uuid AND signs_until IS NOT NULL`;
    await tx.$executeRaw`
      UPDATE webhook_secrets SET signs_until = now() + ${OVERLAP_MS} * interval '1 ms'
      WHERE endpoint_id = ${endpointId}::uuid`;
  }

  /** The secrets that sign now, newest first. Throws VaultError `SECRET_UNREADABLE`; what the database or the key service throws passes through. */
  async open(sql: Sql, endpointId: string): Promise<Secret[]> {
    const rows = await sql.$queryRaw<StoredSecret[]>`
      SELECT id, version, sealed, data_key_id AS "dataKeyId" FROM webhook_secrets
      WHERE endpoint_id = ${endpointId}::uuid AND (signs_until IS NULL OR signs_until > now()) ORDER BY version DESC`;
    return Promise.all(rows.map((row) => this.vault.open(row, contextOf(endpointId, row))));
  }
}

function contextOf(endpointId: string, { id, version }: Pick<StoredSecret, 'id' | 'version'>): SecretContext {
  return { owner: keyOwnerOf(endpointId), secretId: id, version, purpose: 'webhook-secret' };
}
