import { ExistingSecretSealing, type SealedExistingSecret } from '@app/customers';
import type { Secret } from '@app/platform';
import { Vault } from '@app/vault';
import { type DynamicModule, Injectable, Module } from '@nestjs/common';

/** Seals with the API's vault the secrets of clients that OEMs made, each under the data key of its own customer. */
@Injectable()
export class VaultSealing extends ExistingSecretSealing {
  constructor(private readonly vault: Vault) {
    super();
  }

  async seal(customerId: string, secret: Secret): Promise<SealedExistingSecret> {
    const owner = { kind: 'customer', id: customerId } as const;
    const { dataKey, write } = await this.vault.newDataKey(owner);
    // A customer has one such secret at most, so that its row is named by the customer. The worker opens it in the same place.
    const place = { owner, secretId: customerId, version: 1, purpose: 'existing-client-secret' } as const;
    return { ...(await this.vault.seal(dataKey, secret, place)), writeDataKey: write };
  }
}

/** Gives `ExistingSecretSealing` to the customers' module. */
@Module({})
export class VaultSealingModule {
  /** `vault` is the process's vault module. */
  static forRoot(vault: DynamicModule): DynamicModule {
    return {
      module: VaultSealingModule,
      imports: [vault],
      providers: [{ provide: ExistingSecretSealing, useClass: VaultSealing }],
      exports: [ExistingSecretSealing],
    };
  }
}
