import { AuditModule } from '@app/audit';
import { Notifications } from '@app/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { ACCESS_CLOCK, ACCESS_LOGGER, type AccessLogger, systemClock } from './access-options.js';
import { AccessRefusals } from './access-refusals.js';
import { ApiKeyCache } from './api-key-cache.js';
import { type AccessTokenOptions, AccessTokens } from './access-tokens/access-tokens.js';
import { ApiKeys } from './api-keys.js';
import { Callers } from './callers.js';
import { OperatorLogins } from './operator-logins.js';

/** Who may: API keys, access tokens if there is an issuer, refusals, operator logins. Needs the process's `DatabaseModule`; where there is a `NotificationsModule` too, keys are remembered for seconds. */
@Module({})
export class AccessModule {
  static forRoot(options: { logger: AccessLogger; accessTokens?: AccessTokenOptions | undefined }): DynamicModule {
    const { logger, accessTokens } = options;
    return {
      module: AccessModule,
      imports: [AuditModule],
      providers: [
        ApiKeys,
        AccessRefusals,
        OperatorLogins,
        {
          provide: ApiKeyCache,
          useFactory: (notifications?: Notifications) =>
            notifications === undefined ? undefined : new ApiKeyCache(notifications),
          inject: [{ token: Notifications, optional: true }],
        },
        { provide: ACCESS_CLOCK, useValue: systemClock },
        { provide: ACCESS_LOGGER, useValue: logger },
        {
          provide: Callers,
          inject: [ApiKeys],
          useFactory: (apiKeys: ApiKeys) =>
            new Callers(apiKeys, accessTokens && new AccessTokens(accessTokens, logger, systemClock)),
        },
      ],
      exports: [ApiKeys, Callers, AccessRefusals, OperatorLogins],
    };
  }
}
