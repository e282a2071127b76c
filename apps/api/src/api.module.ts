import { AccessModule } from '@app/access';
import { AuditModule } from '@app/audit';
import { CustomersModule, RotationDefaults } from '@app/customers';
import { ProblemFilter, SchemaPipe } from '@app/http';
import { DatabaseModule, Readiness } from '@app/platform';
import { tenantHostPolicy } from '@app/qlik';
import { QueueModule } from '@app/queue';
import { RunsModule } from '@app/runs';
import { VaultModule } from '@app/vault';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import type { Logger } from 'pino';
import { AccessGuard } from './access/access.guard.js';
import { RouteAccessCheck } from './access/route-access-check.js';
import type { ApiConfig } from './api.config.js';
import { AuditEventsController } from './audit/audit-events.controller.js';
import { CredentialsController } from './credentials/credentials.controller.js';
import { CredentialsReader } from './credentials/credentials.reader.js';
import { CustomersController } from './customers/customers.controller.js';
import { TENANT_HOST_POLICY } from './customers/tenant-host-policy.js';
import { HealthController } from './health/health.controller.js';
import { PausesController } from './pauses/pauses.controller.js';
import { problemCatalog } from './problems/problem-catalog.js';
import { ProblemsController } from './problems/problems.controller.js';
import { RotationsController } from './rotations/rotations.controller.js';
import { RunsController } from './runs/runs.controller.js';
import { SecretVersionsController } from './secret-versions/secret-versions.controller.js';
import { SecretVersionsReader } from './secret-versions/secret-versions.reader.js';

/** Connections to PostgreSQL that one process holds at most. */
const MAX_DATABASE_CONNECTIONS = 10;

/** The API, wired. */
@Module({})
export class ApiModule {
  static forRoot(config: ApiConfig, logger: Logger): DynamicModule {
    const queue = QueueModule.forRoot({
      redisUrl: config.REDIS_URL,
      databaseUrl: config.DATABASE_URL,
      role: 'producer',
    });
    const runs = RunsModule.forRoot({ logger, imports: [queue] });
    return {
      module: ApiModule,
      imports: [
        DatabaseModule.forRoot({ url: config.DATABASE_URL, maxConnections: MAX_DATABASE_CONNECTIONS }),
        DiscoveryModule,
        AuditModule,
        AccessModule.forRoot({ logger }),
        VaultModule.forRoot(config),
        runs,
        CustomersModule.forRoot({ rotation: new RotationDefaults(config), imports: [runs] }),
      ],
      controllers: [
        CustomersController,
        CredentialsController,
        SecretVersionsController,
        RotationsController,
        RunsController,
        PausesController,
        AuditEventsController,
        HealthController,
        ProblemsController,
      ],
      providers: [
        { provide: TENANT_HOST_POLICY, useValue: tenantHostPolicy(config) },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_PIPE, useClass: SchemaPipe },
        { provide: APP_FILTER, useValue: new ProblemFilter(logger, problemCatalog) },
        CredentialsReader,
        SecretVersionsReader,
        Readiness,
        RouteAccessCheck,
      ],
    };
  }
}
