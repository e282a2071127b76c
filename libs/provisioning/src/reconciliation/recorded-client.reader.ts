import { Injectable } from '@nestjs/common';
import { FoundOnClient } from '@app/customers';
import { Database } from '@app/platform';
import { ProvisioningSettings } from '../provisioning-settings.js';

/** A secret that is ours, or was until a moment ago. */
export interface RecordedSecret {
  id: string;
  isCurrent: boolean;
  hint: string | null;
  /** Whether it is in use, and was for long enough to be listed. */
  mustShow: boolean;
}

/** A customer's client as our rows have it. */
export interface RecordedClient {
  oauthClientId: string;
  clientId: string;
  clientName: string;
  /** ORIGINS_NOT_SUPPORTED: the tenant refused the origins that were wanted. */
  originsRefused: boolean;
  /** What a client that the OEM had made had beyond what is wanted: it is let be. Null of one that was made here. */
  found: FoundOnClient | null;
  /** The current one first; also those revoked a moment ago, which Qlik may still list. */
  secrets: RecordedSecret[];
}

/** Reads what a client at Qlik is compared with. */
@Injectable()
export class RecordedClientReader {
  constructor(
    private readonly database: Database,
    private readonly settings: ProvisioningSettings,
  ) {}

  /** The customer's client with its secrets. */
  async getActive(customerId: string): Promise<RecordedClient> {
    const { settleMs } = this.settings;
    const [client] = await this.database.sql.$queryRaw<RecordedClient[]>`
      SELECT client.id AS "oauthClientId", client.client_id AS "clientId", client.client_name AS "clientName",
        coalesce(client.origins_refused, (
          SELECT output->'warnings' @> '["ORIGINS_NOT_SUPPORTED"]' FROM run_steps
          WHERE run_id = client.created_by_run AND name = 'create-oauth-client'
        ), false) AS "originsRefused",
        (SELECT found FROM existing_clients WHERE customer_id = client.customer_id) AS found,
        coalesce((
          SELECT json_agg(json_build_object(
            'id', id, 'isCurrent', state = 'current', 'hint', hint,
            'mustShow', state IN ('current', 'previous') AND retired_at IS NULL
              AND created_at <= now() - ${settleMs} * interval '1 ms'
          ) ORDER BY state = 'current' DESC, version DESC)
          FROM secret_versions
          WHERE customer_id = client.customer_id AND oauth_client_id = client.id
            AND (state <> 'revoked' OR revoked_at > now() - ${settleMs} * interval '1 ms')
        ), '[]') AS secrets
      FROM oauth_clients client WHERE client.customer_id = ${customerId}::uuid AND client.state = 'active'`;
    if (client === undefined) throw new Error(`The customer "${customerId}" has no OAuth client to compare.`);
    return { ...client, found: FoundOnClient.nullable().parse(client.found) };
  }
}
