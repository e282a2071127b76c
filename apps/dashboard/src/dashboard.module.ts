import { AccessModule } from '@app/access';
import { AuditModule } from '@app/audit';
import { CustomersModule, RotationDefaults } from '@app/customers';
import { edgeProblems, ProblemFilter, SchemaPipe } from '@app/http';
import { DatabaseModule, HealthModule } from '@app/platform';
import { QueueModule } from '@app/queue';
import { RunsModule } from '@app/runs';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import type { Logger } from 'pino';
import { AuditEventsController } from './audit/audit-events.controller.js';
import { OAuthClientsReader } from './customers/oauth-clients.reader.js';
import { CustomersController } from './customers/customers.controller.js';
import type { DashboardConfig } from './dashboard.config.js';
import { OffboardingsController } from './customers/offboardings.controller.js';
import { OverviewController } from './overview/overview.controller.js';
import { OverviewReader } from './overview/overview.reader.js';
import { PagePolicy } from './page/page-policy.js';
import { PageController } from './page/page.controller.js';
import { WEB_BUILD, type WebBuild } from './page/web-build.js';
import { PauseFactsReader } from './pauses/pause-facts.reader.js';
import { PausesController } from './pauses/pauses.controller.js';
import { RunRowsReader } from './runs/run-rows.reader.js';
import { RunsController } from './runs/runs.controller.js';
import { SecretFactsReader } from './secrets/secret-facts.reader.js';
import { SecretsController } from './secrets/secrets.controller.js';
import { SessionController } from './session/session.controller.js';
import { SessionGuard } from './session/session.guard.js';

/** Connections to PostgreSQL that one process holds at most. */
const MAX_DATABASE_CONNECTIONS = 5;

/** What the dashboard is made of. */
export interface DashboardParts {
  config: DashboardConfig;
  logger: Logger;
  policy: PagePolicy;
  web: WebBuild | undefined;
}

/** The dashboard, wired. */
@Module({})
export class DashboardModule {
  static forRoot({ config, logger, policy, web }: DashboardParts): DynamicModule {
    const queue = QueueModule.forRoot({
      redisUrl: config.REDIS_URL,
      databaseUrl: config.DATABASE_URL,
      role: 'producer',
    });
    const rotation = new RotationDefaults(config);
    const runs = RunsModule.forRoot({ logger, imports: [queue] });
    return {
      module: DashboardModule,
      imports: [
        DatabaseModule.forRoot({ url: config.DATABASE_URL, maxConnections: MAX_DATABASE_CONNECTIONS }),
        HealthModule,
        AuditModule,
        AccessModule.forRoot({ logger }),
        runs,
        CustomersModule.forRoot({ rotation, imports: [runs] }),
      ],
      controllers: [
        SessionController,
        OverviewController,
        RunsController,
        PausesController,
        CustomersController,
        OffboardingsController,
        SecretsController,
        AuditEventsController,
        PageController,
      ],
      providers: [
        { provide: PagePolicy, useValue: policy },
        { provide: RotationDefaults, useValue: rotation },
        { provide: WEB_BUILD, useValue: web },
        { provide: APP_GUARD, useClass: SessionGuard },
        { provide: APP_PIPE, useClass: SchemaPipe },
        { provide: APP_FILTER, useValue: new ProblemFilter(logger, edgeProblems) },
        OverviewReader,
        RunRowsReader,
        OAuthClientsReader,
        SecretFactsReader,
        PauseFactsReader,
      ],
    };
  }
}
