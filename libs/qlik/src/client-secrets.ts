import type { Secret } from '@app/platform';
import { z } from 'zod';
import type { CallContext } from './call.js';
import { clientRefusal, type OAuthClientsApi } from './oauth-clients.js';
import type { ParentCalls } from './parent-calls.js';
import { pathSegment } from './path-segment.js';
import { QlikError } from './qlik-error.js';
import { secretSchema } from './secret.schema.js';

/** A secret just minted, at the one time it is shown. */
export interface CreatedClientSecret {
  secret: Secret;
  hint: string;
  createdAt?: string;
  createdBy?: string;
}

const createdSchema = z.object({
  clientSecret: secretSchema,
  hint: z.string().min(1),
  createdAt: z.string().optional(),
  createdBy: z.string().optional(),
});

/** The secrets of an OAuth client. */
export class ClientSecretsApi {
  constructor(
    private readonly calls: ParentCalls,
    private readonly clients: OAuthClientsApi,
  ) {}

  /** Mints a secret. Throws SECRET_CAPACITY if five exist, CLIENT_NOT_FOUND. Not idempotent: a QlikError with `outcomeUnknown` may have minted one. */
  async create(host: string, clientId: string, context: CallContext = {}): Promise<CreatedClientSecret> {
    const operation = 'create-client-secret';
    const path = `/api/v1/oauth-clients/${pathSegment(clientId, operation, host)}/client-secrets`;
    const refusal = (qlik: { status: number }) => (qlik.status === 409 ? 'SECRET_CAPACITY' : clientRefusal(qlik));
    const { clientSecret: secret, ...rest } = await this.calls.call(
      { operation, host, method: 'POST', path, answer: createdSchema, refusal },
      context,
    );
    return { secret, ...rest };
  }

  /** Deletes the secret of this hint, if it is there. Throws CLIENT_NOT_FOUND if the client itself is gone. */
  async delete(host: string, clientId: string, hint: string, context: CallContext = {}): Promise<'deleted' | 'absent'> {
    const operation = 'delete-client-secret';
    const client = pathSegment(clientId, operation, host);
    const path = `/api/v1/oauth-clients/${client}/client-secrets/${pathSegment(hint, operation, host)}`;
    try {
      await this.calls.call(
        { operation, host, method: 'DELETE', path, answer: z.unknown(), refusal: clientRefusal },
        context,
      );
      return 'deleted';
    } catch (error) {
      if (!(error instanceof QlikError) || error.code !== 'CLIENT_NOT_FOUND') throw error;
    }
    await this.clients.get(host, clientId, context);
    return 'absent';
  }
}
