import { Injectable } from '@nestjs/common';
import type { Secret, SecretVersion } from '@app/platform';
import { type DataKeyHandle, type SealedSecret, Vault } from '@app/vault';

const PURPOSE = 'impersonation-client-secret';

/** A secret version as it is stored. */
export type SealedVersion = Pick<SecretVersion, 'id' | 'version' | 'sealed' | 'dataKeyId'>;

/** Seals and opens the secrets of impersonation clients, each for the place of its own version. */
@Injectable()
export class StoredSecrets {
  constructor(private readonly vault: Vault) {}

  /** Call it before the secret exists: from there on nothing but computing is left to do. */
  prepare(customerId: string): Promise<DataKeyHandle> {
    return this.vault.ensureDataKey({ kind: 'customer', id: customerId });
  }

  seal(
    dataKey: DataKeyHandle,
    secret: Secret,
    { customerId, id, version }: { customerId: string; id: string; version: number },
  ): Promise<SealedSecret> {
    const owner = { kind: 'customer', id: customerId } as const;
    return this.vault.seal(dataKey, secret, { owner, secretId: id, version, purpose: PURPOSE });
  }

  /** The secret that the OEM gave with a client of its own, sealed by the API. Throws VaultError `SECRET_UNREADABLE`. */
  openGiven(
    customerId: string,
    { sealed, dataKeyId }: { sealed: string | null; dataKeyId: string | null },
  ): Promise<Secret> {
    if (sealed === null || dataKeyId === null) throw new Error(`No secret was given for the customer "${customerId}".`);
    const owner = { kind: 'customer', id: customerId } as const;
    return this.vault.open(
      { sealed, dataKeyId },
      { owner, secretId: customerId, version: 1, purpose: 'existing-client-secret' },
    );
  }

  /** Throws VaultError `SECRET_UNREADABLE`. */
  open(customerId: string, { id, version, sealed, dataKeyId }: SealedVersion): Promise<Secret> {
    if (sealed === null) throw new Error(`The secret version "${id}" was revoked: there is nothing to open.`);
    const owner = { kind: 'customer', id: customerId } as const;
    return this.vault.open({ sealed, dataKeyId }, { owner, secretId: id, version, purpose: PURPOSE });
  }
}
