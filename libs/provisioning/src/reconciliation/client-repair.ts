import { Injectable } from '@nestjs/common';
import { type CallContext, ConnectionConfigsApi, OAuthClientsApi, type OAuthClientChanges, QlikError } from '@app/qlik';
import type { Comparison } from './client-comparisons.js';
import type { Repair } from './drift-decision.js';

/** Sets at Qlik what differs. Every call of it can be repeated. */
@Injectable()
export class ClientRepair {
  constructor(
    private readonly oauthClients: OAuthClientsApi,
    private readonly connectionConfigs: ConnectionConfigsApi,
  ) {}

  /** Carries out the repair as far as Qlik lets us; returns what Qlik will refuse the next time as well, which includes that the client is gone. */
  async apply({ target, recorded }: Comparison, repair: Repair, calls: CallContext): Promise<QlikError | undefined> {
    const { tenantHost } = target;
    const { clientId } = recorded;
    const { trusts, changes } = repair;
    try {
      if (trusts) await this.connectionConfigs.trust(tenantHost, clientId, calls);
      return Object.keys(changes).length === 0 ? undefined : await this.#patch(tenantHost, clientId, changes, calls);
    } catch (error) {
      if (error instanceof QlikError && (error.failure === 'refused' || error.failure === 'unreadable')) return error;
      throw error;
    }
  }

  /** Whether a tenant takes origins on a web client is not documented: after a 400, which changes nothing, the rest is set without them. */
  async #patch(
    host: string,
    clientId: string,
    changes: OAuthClientChanges,
    calls: CallContext,
  ): Promise<QlikError | undefined> {
    const { allowedOrigins, ...others } = changes;
    try {
      await this.oauthClients.patch(host, clientId, changes, calls);
      return undefined;
    } catch (error) {
      const isRefused = error instanceof QlikError && error.qlik?.status === 400;
      if (!isRefused || allowedOrigins === undefined || Object.keys(others).length === 0) throw error;
      await this.oauthClients.patch(host, clientId, others, calls);
      return error;
    }
  }
}
