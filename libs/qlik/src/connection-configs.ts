import { z } from 'zod';
import type { CallContext, QlikOperation } from './call.js';
import { clientRefusal } from './oauth-clients.js';
import type { ParentCalls } from './parent-calls.js';
import { pathSegment } from './path-segment.js';

const connectionConfigSchema = z.object({
  consentMethod: z.string(),
  status: z.string().optional(),
  deletedByOwner: z.boolean().optional(),
});

/** How a tenant consents to a client, in Qlik's own words. */
export type ConnectionConfig = z.output<typeof connectionConfigSchema>;

/** The tenant's connection config of a client. */
export class ConnectionConfigsApi {
  constructor(private readonly calls: ParentCalls) {}

  /** The connection config as it is. Throws CLIENT_NOT_FOUND. */
  async get(host: string, clientId: string, context: CallContext = {}): Promise<ConnectionConfig> {
    const operation = 'get-connection-config';
    const path = pathOf(clientId, operation, host);
    return this.calls.call(
      { operation, host, method: 'GET', path, answer: connectionConfigSchema, refusal: clientRefusal },
      context,
    );
  }

  /** Makes the consent method `trusted`: users are not asked. Idempotent. Throws CLIENT_NOT_FOUND. */
  async trust(host: string, clientId: string, context: CallContext = {}): Promise<void> {
    const operation = 'patch-connection-config';
    const path = pathOf(clientId, operation, host);
    const json = [{ op: 'replace', path: '/consentMethod', value: 'trusted' }];
    await this.calls.call(
      { operation, host, method: 'PATCH', path, json, answer: z.unknown(), refusal: clientRefusal },
      context,
    );
  }
}

function pathOf(clientId: string, operation: QlikOperation, host: string): string {
  return `/api/v1/oauth-clients/${pathSegment(clientId, operation, host)}/connection-configs/me`;
}
