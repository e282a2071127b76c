import { Injectable } from '@nestjs/common';
import { type CallContext, ConnectionConfigsApi, OAuthClientsApi, QlikError } from '@app/qlik';
import { setClient } from '../client-settings.js';
import type { Comparison } from './client-comparisons.js';
import type { Repair } from './drift-decision.js';

/** What Qlik will refuse the next time as well, which includes that the client is gone. */
export interface Refused {
  error: QlikError;
  /** Whether the rest was set, so that it is the origins that the tenant does not take. */
  ofOrigins: boolean;
}

/** Sets at Qlik what differs. Every call of it can be repeated. */
@Injectable()
export class ClientRepair {
  constructor(
    private readonly oauthClients: OAuthClientsApi,
    private readonly connectionConfigs: ConnectionConfigsApi,
  ) {}

  /** Carries out the repair as far as Qlik lets us. */
  async apply({ target, recorded }: Comparison, repair: Repair, calls: CallContext): Promise<Refused | undefined> {
    const { tenantHost } = target;
    const { clientId } = recorded;
    const { trusts, changes } = repair;
    try {
      if (trusts) await this.connectionConfigs.trust(tenantHost, clientId, calls);
      if (Object.keys(changes).length === 0) return undefined;
      const error = await setClient(this.oauthClients, tenantHost, clientId, changes, calls);
      return error && { error, ofOrigins: true };
    } catch (error) {
      if (error instanceof QlikError && (error.failure === 'refused' || error.failure === 'unreadable'))
        return { error, ofOrigins: false };
      throw error;
    }
  }
}
