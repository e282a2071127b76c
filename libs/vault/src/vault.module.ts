import { AuditModule } from '@app/audit';
import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { KEY_PROVIDER } from './key-provider.js';
import { untilKeyServiceAnswers } from './until-key-service-answers.js';
import { openKeyProvider, type VaultConfig } from './vault.config.js';
import { Vault } from './vault.js';

/** The vault; needs the process's `DatabaseModule`. A process whose keys do not fit the database does not start, nor one whose key service does not answer. */
@Module({})
export class VaultModule implements OnModuleInit {
  constructor(private readonly vault: Vault) {}

  static forRoot(config: VaultConfig): DynamicModule {
    return {
      module: VaultModule,
      imports: [AuditModule],
      providers: [Vault, { provide: KEY_PROVIDER, useFactory: () => openKeyProvider(config) }],
      exports: [Vault],
    };
  }

  async onModuleInit(): Promise<void> {
    await untilKeyServiceAnswers(() => this.vault.assertKeysUsable());
  }
}
