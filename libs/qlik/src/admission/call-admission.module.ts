import { Database, type Secret } from '@app/platform';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { CallAdmission } from './call-admission.js';
import type { CallLimits, CallsPerMinute } from './call-limits.js';
import { InsuredCallLimits } from './insured-call-limits.js';
import { makeLimitsRedis } from './limits-redis.js';
import { OwnCallLimits } from './own-call-limits.js';
import { PostgresCallLimits } from './postgres-call-limits.js';
import { QlikCircuits } from './qlik-circuits.js';
import { RedisCallLimits } from './redis-call-limits.js';
import { type BulkheadRoom, TenantBulkhead } from './tenant-bulkhead.js';

/** What a process allows itself at Qlik, and where it counts together with the others: Redis where given, PostgreSQL where not. */
export interface CallAdmissionOptions {
  perMinute: CallsPerMinute;
  /** How long nothing is sent to a tenant, or a region, that does not answer. */
  circuitOpenMs: number;
  /** For a process whose callers wait for the answer; without it, as many as suit runs, which wait in their rows. */
  room?: BulkheadRoom;
  redisUrl?: Secret | undefined;
  /** Hears of circuits that open and close, and of a store that fails. */
  logger: Logger;
}

const LIMITS_REDIS = Symbol('Redis of the call limits');
const SHARED_LIMITS = Symbol('shared call limits');

/** Gives a process its `CallAdmission`. Without Redis it needs the global `DatabaseModule`. */
@Module({})
export class CallAdmissionModule implements OnModuleInit, OnApplicationShutdown {
  static forRoot({ perMinute, circuitOpenMs, room, redisUrl, logger }: CallAdmissionOptions): DynamicModule {
    const redis = {
      provide: LIMITS_REDIS,
      useFactory: () => (redisUrl === undefined ? undefined : makeLimitsRedis(redisUrl)),
    };
    const shared =
      redisUrl === undefined
        ? {
            provide: SHARED_LIMITS,
            useFactory: (database: Database) => new PostgresCallLimits(database, perMinute),
            inject: [Database],
          }
        : {
            provide: SHARED_LIMITS,
            useFactory: (connection: Redis) => new RedisCallLimits(connection, perMinute),
            inject: [LIMITS_REDIS],
          };
    const admission = {
      provide: CallAdmission,
      useFactory: (store: CallLimits) => {
        const limits = new InsuredCallLimits(store, new OwnCallLimits(perMinute), logger);
        const bulkhead = new TenantBulkhead(Math.random, room);
        return new CallAdmission(bulkhead, new QlikCircuits(circuitOpenMs, logger), limits);
      },
      inject: [SHARED_LIMITS],
    };
    return { module: CallAdmissionModule, providers: [redis, shared, admission], exports: [CallAdmission] };
  }

  constructor(@Inject(LIMITS_REDIS) private readonly redis: Redis | undefined) {}

  /** Not before: a process that does not come that far would leave it trying for ever. */
  async onModuleInit(): Promise<void> {
    await this.redis?.connect().catch(() => undefined);
  }

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }
}
