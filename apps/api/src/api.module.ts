import { AccessModule } from '@app/access';
import { AuditModule } from '@app/audit';
import { CustomersModule, RotationDefaults } from '@app/customers';
import { ProblemFilter, SchemaPipe } from '@app/http';
import { ParentsModule } from '@app/parents';
import { DatabaseModule, NotificationsModule, Readiness } from '@app/platform';
import { QlikModule, tenantHostPolicy } from '@app/qlik';
import { QueueModule } from '@app/queue';
import { RunsModule } from '@app/runs';
import { VaultModule } from '@app/vault';
import { WebhooksModule } from '@app/webhooks';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import type { Logger } from 'pino';
import { AccessCheck } from './access/access-check.js';
import { RequestLimits } from './access/request-limits.js';
import { RouteAccessCheck } from './access/route-access-check.js';
import type { ApiConfig } from './api.config.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { AuditExportController } from './audit/audit-export.controller.js';
import { AuditExports } from './audit/audit-exports.js';
import { AuditEventsController } from './audit/audit-events.controller.js';
import { CredentialsController } from './credentials/credentials.controller.js';
import { CredentialsReader } from './credentials/credentials.reader.js';
import { CustomerBatchesController } from './customers/customer-batches.controller.js';
import { CustomerChangesController } from './customers/customer-changes.controller.js';
import { CustomerWithRunReader } from './customers/customer-with-run.reader.js';
import { CustomersController } from './customers/customers.controller.js';
import { OffboardingsController } from './customers/offboardings.controller.js';
import { TENANT_HOST_POLICY } from './customers/tenant-host-policy.js';
import { VaultSealingModule } from './customers/vault-sealing.js';
import { HealthController } from './health/health.controller.js';
import { ApiMetrics } from './metrics/api-metrics.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { ParentClientsController } from './parent-clients/parent-clients.controller.js';
import { TENANT_HOST_SETTINGS } from './parent-clients/tenant-regions.js';
import { PausesController } from './pauses/pauses.controller.js';
import { problemCatalog } from './problems/problem-catalog.js';
import { ProblemsController } from './problems/problems.controller.js';
import { RotationsController } from './rotations/rotations.controller.js';
import { RunEventTimes } from './runs/run-event-times.js';
import { RunEvents } from './runs/run-events.js';
import { RunEventsController } from './runs/run-events.controller.js';
import { RunWatch } from './runs/run-watch.js';
import { RunsController } from './runs/runs.controller.js';
import { SecretVersionsController } from './secret-versions/secret-versions.controller.js';
import { SecretVersionsReader } from './secret-versions/secret-versions.reader.js';
import { TokenBroker } from './tokens/token-broker.js';
import { TokenMetrics } from './tokens/token-metrics.js';
import { MINTING_DEADLINE_MS, TokenMinting } from './tokens/token-minting.js';
import { TokensController } from './tokens/tokens.controller.js';
import { UsableSecretsReader } from './tokens/usable-secrets.reader.js';
import { WebhookDeliveriesController } from './webhook-endpoints/webhook-deliveries.controller.js';
import { WebhookEndpointsController } from './webhook-endpoints/webhook-endpoints.controller.js';

/** Connections to PostgreSQL that one process holds at most, beside the one that listens. */
const MAX_DATABASE_CONNECTIONS = 10;

/** Calls to one tenant for tokens: many users may come at once, and each waits for the answer. */
const TOKEN_CALLS = { atOnce: 10, waiting: 200 };

/** The API, wired. */
@Module({})
export class ApiModule {
  static forRoot(config: ApiConfig, logger: Logger): DynamicModule {
    const queue = QueueModule.forRoot({
      redisUrl: config.REDIS_URL,
      databaseUrl: config.DATABASE_URL,
      role: 'producer',
    });
    const tenantHosts = tenantHostPolicy(config);
    // Without parent clients: it enters no tenant but with a customer's own secret.
    const qlik = QlikModule.forRoot({
      timeoutMs: config.QLIK_TIMEOUT_SECONDS,
      endpoint: config.QLIK_ENDPOINT,
      tenantHosts,
      admission: {
        perMinute: { read: config.QLIK_READS_PER_MINUTE, write: config.QLIK_WRITES_PER_MINUTE },
        circuitOpenMs: config.QLIK_CIRCUIT_OPEN_SECONDS,
        room: TOKEN_CALLS,
        redisUrl: config.REDIS_URL,
        logger,
      },
    });
    const vault = VaultModule.forRoot(config);
    const runs = RunsModule.forRoot({ logger, imports: [queue] });
    return {
      module: ApiModule,
      imports: [
        DatabaseModule.forRoot({ url: config.DATABASE_URL, maxConnections: MAX_DATABASE_CONNECTIONS }),
        NotificationsModule.forRoot({ url: config.DATABASE_URL, logger }),
        DiscoveryModule,
        AuditModule,
        AccessModule.forRoot({ logger, accessTokens: config.accessTokens }),
        vault,
        qlik,
        WebhooksModule.forRoot({ config, imports: [vault] }),
        ParentsModule.forRoot({ imports: [vault] }),
        runs,
        CustomersModule.forRoot({
          rotation: new RotationDefaults(config),
          imports: [runs, VaultSealingModule.forRoot(vault)],
        }),
      ],
      controllers: [
        CustomersController,
        CustomerBatchesController,
        CustomerChangesController,
        OffboardingsController,
        CredentialsController,
        SecretVersionsController,
        RotationsController,
        TokensController,
        RunsController,
        RunEventsController,
        PausesController,
        WebhookEndpointsController,
        WebhookDeliveriesController,
        ParentClientsController,
        AuditEventsController,
        ApiKeysController,
        AuditExportController,
        HealthController,
        MetricsController,
        ProblemsController,
      ],
      providers: [
        { provide: TENANT_HOST_POLICY, useValue: tenantHosts },
        {
          provide: RequestLimits,
          useValue: new RequestLimits({
            requestsPerMinute: config.API_REQUESTS_PER_MINUTE,
            refusalsPerMinute: config.API_REFUSALS_PER_MINUTE,
          }),
        },
        AccessCheck,
        {
          provide: TENANT_HOST_SETTINGS,
          useValue: { QLIK_TENANT_HOSTS: config.QLIK_TENANT_HOSTS, QLIK_REGIONS: config.QLIK_REGIONS },
        },
        { provide: APP_PIPE, useClass: SchemaPipe },
        { provide: ProblemFilter, useValue: new ProblemFilter(logger, problemCatalog) },
        { provide: APP_FILTER, useExisting: ProblemFilter },
        AuditExports,
        RunWatch,
        RunEvents,
        { provide: RunEventTimes, useValue: new RunEventTimes() },
        CredentialsReader,
        SecretVersionsReader,
        ApiMetrics,
        TokenBroker,
        TokenMetrics,
        TokenMinting,
        UsableSecretsReader,
        { provide: MINTING_DEADLINE_MS, useValue: config.tokenDeadlineMs },
        CustomerWithRunReader,
        Readiness,
        RouteAccessCheck,
      ],
    };
  }
}
