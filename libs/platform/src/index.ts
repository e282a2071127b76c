export * from './config.js';
export { openConnectionPool } from './database/connection-pool.js';
export { Database, type DatabaseOptions, type Transaction } from './database/database.js';
export { type Sql } from './database/sql.js';
export { DatabaseModule } from './database/database.module.js';
export * from './database/generated/client.js';
export { isDatabaseUnavailable } from './database/database-unavailable.js';
export { findSqlState } from './database/sql-state.js';
export { migrate } from './database/migrate.js';
export { Notifications } from './database/notifications.js';
export { NotificationsModule } from './database/notifications.module.js';
export { NotifiedCache } from './database/notified-cache.js';
export { DomainError, type ErrorDetails, type ErrorKind } from './errors.js';
export { HealthModule } from './health/health.module.js';
export { Readiness } from './health/readiness.js';
export { createLogger, loggerOptions } from './logging.js';
export { NestLogger } from './nest-logger.js';
export {
  ADDRESS_BLOCKED,
  guardedConnector,
  type GuardedConnectorOptions,
  isLoopbackAddress,
  isPublicAddress,
} from './network/address-guard.js';
export { continueTrace, currentRequestContext, type RequestContext, withRequestContext } from './request-context.js';
export { explainStartFailure, runProcess, type RunningProcess } from './run-process.js';
export { Secret } from './secret.js';
export { startStopwatch, type Stopwatch } from './stopwatch.js';
