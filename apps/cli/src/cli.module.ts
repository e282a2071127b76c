import { AuditModule } from '@app/audit';
import { CustomersModule, RotationDefaults } from '@app/customers';
import { DatabaseModule } from '@app/platform';
import { QueueModule, WakeUps } from '@app/queue';
import { RunsModule } from '@app/runs';
import { VaultModule } from '@app/vault';
import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { VaultSealingModule } from '../../api/src/customers/vault-sealing.js';
import { SecretVersionsReader } from '../../api/src/secret-versions/secret-versions.reader.js';
import type { CliConfig } from './cli.config.js';

/** Connections to PostgreSQL that one command holds at most. */
const MAX_DATABASE_CONNECTIONS = 4;

/** What a command needs beside the database. */
export interface CliNeeds {
  /** It makes or changes runs: the queue takes its wake-ups. */
  wakes: boolean;
  /** It stores a secret: the vault seals it. */
  seals: boolean;
}

/** What only reads wakes nobody, and needs no queue. */
@Module({
  providers: [{ provide: WakeUps, useValue: { send: () => Promise.reject(new Error('This command has no queue.')) } }],
  exports: [WakeUps],
})
class NoQueueModule {}

/** Customers and runs as commands use them, wired. */
@Module({})
export class CliModule {
  static forRoot(config: CliConfig, logger: Logger, { wakes, seals }: CliNeeds): DynamicModule {
    const queue = wakes
      ? QueueModule.forRoot({ redisUrl: config.REDIS_URL, databaseUrl: config.DATABASE_URL, role: 'producer' })
      : NoQueueModule;
    const runs = RunsModule.forRoot({ logger, imports: [queue] });
    const sealing = seals ? [VaultSealingModule.forRoot(VaultModule.forRoot(config))] : [];
    return {
      module: CliModule,
      imports: [
        DatabaseModule.forRoot({ url: config.DATABASE_URL, maxConnections: MAX_DATABASE_CONNECTIONS }),
        AuditModule,
        runs,
        CustomersModule.forRoot({ rotation: new RotationDefaults(config), imports: [runs, ...sealing] }),
      ],
      providers: [SecretVersionsReader],
    };
  }
}
