import { ConfigurationError } from '@app/platform';
import { type DynamicModule, type InjectionToken, Module, type ModuleMetadata } from '@nestjs/common';
import { CallAdmission } from './admission/call-admission.js';
import { CallAdmissionModule, type CallAdmissionOptions } from './admission/call-admission.module.js';
import { ClientSecretsApi } from './client-secrets.js';
import { ConnectionConfigsApi } from './connection-configs.js';
import { OAuthClientsApi } from './oauth-clients.js';
import { ParentAccess } from './parent-access.js';
import type { ParentClients, ParentClientSource } from './parent-client.js';
import { ParentCalls } from './parent-calls.js';
import type { TenantHostPolicy } from './tenant-host.js';
import { TokensApi } from './tokens.js';
import { QlikTransport } from './transport.js';

/** What a process may do at Qlik: without parent clients it can only get tokens with secrets it holds. */
export interface QlikModuleOptions {
  timeoutMs: number;
  parentClients?: ParentClients;
  /** Where parent clients come from that go before those: the token of a `ParentClientSource`, and the modules that give it. */
  parentClientSource?: { token: InjectionToken<ParentClientSource>; imports: NonNullable<ModuleMetadata['imports']> };
  /** Development only; see `QLIK_ENDPOINT`. */
  endpoint?: string | undefined;
  tenantHosts: TenantHostPolicy;
  /** Without it calls go at once, however many. */
  admission?: CallAdmissionOptions | undefined;
}

/** The client of Qlik Cloud for one process. */
@Module({})
export class QlikModule {
  /** Throws ConfigurationError if an endpoint is set in production. */
  static forRoot(options: QlikModuleOptions): DynamicModule {
    const { timeoutMs, parentClients = {}, parentClientSource, endpoint, tenantHosts } = options;
    if (endpoint !== undefined && process.env.NODE_ENV === 'production') {
      throw new ConfigurationError(
        'QLIK_ENDPOINT: is for development and switches the address check off; remove it where NODE_ENV is production',
      );
    }
    const transport = {
      provide: QlikTransport,
      useFactory: (admission?: CallAdmission) => new QlikTransport({ timeoutMs, endpoint, tenantHosts, admission }),
      inject: options.admission === undefined ? [] : [CallAdmission],
    };
    const services = [
      { provide: TokensApi, useFactory: (t: QlikTransport) => new TokensApi(t), inject: [QlikTransport] },
      {
        provide: ParentAccess,
        useFactory: (t: TokensApi, source?: ParentClientSource) =>
          new ParentAccess(t, parentClients, undefined, source),
        inject: [TokensApi, ...(parentClientSource === undefined ? [] : [parentClientSource.token])],
      },
      {
        provide: OAuthClientsApi,
        useFactory: (calls: ParentCalls) => new OAuthClientsApi(calls),
        inject: [ParentCalls],
      },
      {
        provide: ConnectionConfigsApi,
        useFactory: (calls: ParentCalls) => new ConnectionConfigsApi(calls),
        inject: [ParentCalls],
      },
      {
        provide: ClientSecretsApi,
        useFactory: (calls: ParentCalls, clients: OAuthClientsApi) => new ClientSecretsApi(calls, clients),
        inject: [ParentCalls, OAuthClientsApi],
      },
    ];
    const calls = {
      provide: ParentCalls,
      useFactory: (t: QlikTransport, parent: ParentAccess) => new ParentCalls(t, parent),
      inject: [QlikTransport, ParentAccess],
    };
    return {
      module: QlikModule,
      imports: [
        ...(options.admission === undefined ? [] : [CallAdmissionModule.forRoot(options.admission)]),
        ...(parentClientSource?.imports ?? []),
      ],
      providers: [transport, calls, ...services],
      exports: services.map((s) => s.provide),
    };
  }
}
