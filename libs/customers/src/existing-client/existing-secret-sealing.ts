import type { Secret, Sql } from '@app/platform';

/** The secret of a client that the OEM made, sealed for a customer that is about to be stored. */
export interface SealedExistingSecret {
  sealed: string;
  dataKeyId: string;
  /** Stores the data key that it was sealed under, in the transaction that stores the customer. */
  writeDataKey(tx: Sql): Promise<void>;
}

/** Seals such secrets. Given by a process that has the vault; in any other, nobody is signed up with a secret. */
export abstract class ExistingSecretSealing {
  /** Writes nothing. Throws what the vault or its key service throws. */
  abstract seal(customerId: string, secret: Secret): Promise<SealedExistingSecret>;
}
