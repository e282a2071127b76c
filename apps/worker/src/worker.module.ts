import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '@app/audit';
import { IdempotencyKeyCleaning, RotationDefaults, RotationModule } from '@app/customers';
import { StoredParentClients, StoredParentsModule } from '@app/parents';
import { DatabaseModule, HealthModule } from '@app/platform';
import { ProvisioningModule, ProvisioningSettings, ReconciliationPolicy } from '@app/provisioning';
import { QlikModule, tenantHostPolicy } from '@app/qlik';
import { QueueModule } from '@app/queue';
import { RunRunnerModule, RunSettings, RunsModule } from '@app/runs';
import { VaultModule } from '@app/vault';
import { WebhookSendingModule } from '@app/webhooks';
import type { Logger } from 'pino';
import { AuditCheckInterval, AuditCheckTimer } from './audit-check-timer.js';
import { MetricsController } from './metrics.controller.js';
import { RunConcurrency, RunProcessorLifecycle } from './run-processor-lifecycle.js';
import { RunProcessor } from './run.processor.js';
import { SweepInterval, SweepTimer } from './sweep-timer.js';
import { WebhookTimer } from './webhooks/webhook-timer.js';
import type { WorkerConfig } from './worker.config.js';

/** The process that talks to Qlik. */
@Module({})
export class WorkerModule {
  static forRoot(config: WorkerConfig, logger: Logger): DynamicModule {
    const leaseMs = config.RUN_LEASE_SECONDS;
    const timeoutMs = config.QLIK_TIMEOUT_SECONDS;
    const runs = RunsModule.forRoot({
      logger,
      imports: [
        QueueModule.forRoot({ redisUrl: config.REDIS_URL, databaseUrl: config.DATABASE_URL, role: 'consumer' }),
      ],
    });
    const vault = VaultModule.forRoot(config);
    const provisioning = ProvisioningModule.forRoot({
      reconciliation: new ReconciliationPolicy(config.RECONCILIATION_INTERVAL_SECONDS, config.RECONCILIATION_POLICY),
      settings: new ProvisioningSettings(timeoutMs, leaseMs, config.QLIK_LIST_LAG_SECONDS),
      imports: [
        runs,
        RotationModule.forRoot({ defaults: new RotationDefaults(config), imports: [runs] }),
        vault,
        QlikModule.forRoot({
          timeoutMs,
          parentClients: config.QLIK_PARENT_CLIENTS,
          parentClientSource: {
            token: StoredParentClients,
            imports: [StoredParentsModule.forRoot({ logger, imports: [vault] })],
          },
          endpoint: config.QLIK_ENDPOINT,
          tenantHosts: tenantHostPolicy(config),
          admission: {
            perMinute: { read: config.QLIK_READS_PER_MINUTE, write: config.QLIK_WRITES_PER_MINUTE },
            circuitOpenMs: config.QLIK_CIRCUIT_OPEN_SECONDS,
            redisUrl: config.REDIS_URL,
            logger,
          },
        }),
      ],
    });
    return {
      module: WorkerModule,
      imports: [
        DatabaseModule.forRoot({
          url: config.DATABASE_URL,
          maxConnections: Math.min(config.WORKER_CONCURRENCY + 5, 30),
        }),
        AuditModule,
        HealthModule,
        runs,
        provisioning,
        WebhookSendingModule.forRoot({ config, logger, imports: [vault] }),
        RunRunnerModule.forRoot({ settings: new RunSettings(leaseMs), imports: [runs, provisioning] }),
      ],
      controllers: [MetricsController],
      providers: [
        RunProcessor,
        RunProcessorLifecycle,
        SweepTimer,
        IdempotencyKeyCleaning,
        WebhookTimer,
        AuditCheckTimer,
        { provide: AuditCheckInterval, useValue: new AuditCheckInterval(config.AUDIT_CHECK_INTERVAL_SECONDS) },
        { provide: RunConcurrency, useValue: new RunConcurrency(config.WORKER_CONCURRENCY) },
        { provide: SweepInterval, useValue: new SweepInterval(config.SWEEP_SECONDS) },
      ],
    };
  }
}
