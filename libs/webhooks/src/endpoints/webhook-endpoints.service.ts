import { createHash } from 'node:crypto';
import { AuditTrail } from '@app/audit';
import { Database, DomainError, type Secret, type Sql, type WebhookEndpointState } from '@app/platform';
import { Vault } from '@app/vault';
import { Injectable } from '@nestjs/common';
import { v7 } from 'uuid';
import type { WebhookEvent } from '../webhook-events.js';
import { WebhookPlaces } from '../webhook.config.js';
import { failPending } from './fail-pending.js';
import { lockEndpoint } from './lock-endpoint.js';
import { endpointEvent } from './webhook-endpoint-event.js';
import { endpointNotFound, MAX_ENDPOINTS, tooManyEndpoints } from './webhook-endpoint-errors.js';
import { keyOwnerOf, WebhookSecrets } from './webhook-secrets.js';
import { webhookUrlFault } from './webhook-url.js';

/** What is wanted of an endpoint. */
export interface NewWebhookEndpoint {
  url: string;
  /** The types it gets; null for all, those of later versions too. */
  events: readonly WebhookEvent[] | null;
  description: string | null;
}

/** What is to be changed of an endpoint. */
export type WebhookEndpointChange = Partial<NewWebhookEndpoint> & { state?: WebhookEndpointState };

/** Registers, changes and removes webhook endpoints; each change is in the audit trail, by id and without its URL. */
@Injectable()
export class WebhookEndpointsService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
    private readonly vault: Vault,
    private readonly secrets: WebhookSecrets,
    private readonly places: WebhookPlaces,
  ) {}

  /** Registers an endpoint and gives its secret, this once. Throws REQUEST_INVALID for its URL, WEBHOOK_ENDPOINTS_EXHAUSTED, and what the vault throws. */
  async create(endpoint: NewWebhookEndpoint, actor: string): Promise<{ id: string; secret: Secret }> {
    this.#assertUrl(endpoint.url);
    await assertRoom(this.database.sql);
    const id = v7();
    const dataKey = await this.secrets.ensureDataKey(id);
    try {
      const secret = await this.database.sqlTransaction(async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('webhook_endpoints'))`;
        await assertRoom(tx);
        await tx.$executeRaw`
          INSERT INTO webhook_endpoints (id, url, events, description)
          VALUES (${id}::uuid, ${endpoint.url}, ${endpoint.events ?? []}, ${endpoint.description})`;
        const made = await this.secrets.add(tx, id, dataKey);
        const events = endpoint.events?.length ?? null;
        await this.audit.append(
          tx,
          endpointEvent('webhook_endpoint.created', id, actor, { urlSha256: sha256(endpoint.url), events }),
        );
        return made;
      });
      return { id, secret };
    } catch (error) {
      // Nothing is sealed under it.
      if (error instanceof DomainError)
        await this.database.sqlTransaction((tx) => this.vault.destroyDataKey(tx, keyOwnerOf(id)));
      throw error;
    }
  }

  /**
   * Changes what is given. One that is disabled gets nothing more, and what it was still to get is left to a replay.
   * Throws REQUEST_INVALID for its URL and WEBHOOK_ENDPOINT_NOT_FOUND.
   */
  async change(id: string, change: WebhookEndpointChange, actor: string): Promise<void> {
    if (change.url !== undefined) this.#assertUrl(change.url);
    await this.database.sqlTransaction(async (tx) => {
      const row = await lockEndpoint(tx, id);
      const { url = row.url, description = row.description, state = row.state } = change;
      const events = change.events === undefined ? row.events : (change.events ?? []);
      const fields = [
        ...(url === row.url ? [] : ['url']),
        ...(events.join() === row.events.join() ? [] : ['events']),
        ...(description === row.description ? [] : ['description']),
      ];
      await tx.$executeRaw`
        UPDATE webhook_endpoints SET url = ${url}, events = ${events}, description = ${description}, updated_at = now()
        WHERE id = ${id}::uuid`;
      if (fields.length > 0) {
        const urlSha256 = sha256(url);
        await this.audit.append(
          tx,
          endpointEvent('webhook_endpoint.changed', id, actor, { fields: fields.join(' '), urlSha256 }),
        );
      }
      if (state !== row.state) await this.#setState(tx, id, state, actor);
    });
  }

  /** Gives the endpoint a new secret, shown this once. The one before it signs for 24 hours more, any older one no longer. Throws WEBHOOK_ENDPOINT_NOT_FOUND and what the vault throws. */
  async rotateSecret(id: string, actor: string): Promise<Secret> {
    // Nothing is made for an id that is none.
    await this.database.sqlTransaction((tx) => lockEndpoint(tx, id));
    const dataKey = await this.secrets.ensureDataKey(id);
    return this.database.sqlTransaction(async (tx) => {
      await lockEndpoint(tx, id);
      await this.secrets.retire(tx, id);
      const secret = await this.secrets.add(tx, id, dataKey);
      await this.audit.append(tx, endpointEvent('webhook_endpoint.secret_rotated', id, actor));
      return secret;
    });
  }

  /** Removes the endpoint with its log, and destroys the key of its secrets. Throws WEBHOOK_ENDPOINT_NOT_FOUND. */
  async delete(id: string, actor: string): Promise<void> {
    await this.database.sqlTransaction(async (tx) => {
      const deleted = await tx.$executeRaw`DELETE FROM webhook_endpoints WHERE id = ${id}::uuid`;
      if (deleted === 0) throw endpointNotFound(id);
      await this.vault.destroyDataKey(tx, keyOwnerOf(id));
      await this.audit.append(tx, endpointEvent('webhook_endpoint.deleted', id, actor));
    });
  }

  async #setState(tx: Sql, id: string, state: WebhookEndpointState, actor: string): Promise<void> {
    const reason = state === 'disabled' ? 'DISABLED_BY_CALLER' : null;
    await tx.$executeRaw`
      UPDATE webhook_endpoints SET state = ${state}::webhook_endpoint_state, disabled_reason = ${reason}, failing_since = NULL
      WHERE id = ${id}::uuid`;
    if (reason === null) return this.audit.append(tx, endpointEvent('webhook_endpoint.enabled', id, actor));
    await failPending(tx, id);
    await this.audit.append(tx, endpointEvent('webhook_endpoint.disabled', id, actor, { reason }));
  }

  #assertUrl(url: string): void {
    const fault = webhookUrlFault(url, this.places.isLoopbackAllowed);
    if (fault === undefined) return;
    throw new DomainError('invalid', 'REQUEST_INVALID', `The url ${fault}.`, {
      fields: [{ pointer: '/url', message: fault }],
    });
  }
}

async function assertRoom(sql: Sql): Promise<void> {
  const [row] = await sql.$queryRaw<{ count: number }[]>`SELECT count(*)::int AS count FROM webhook_endpoints`;
  if (row!.count >= MAX_ENDPOINTS) throw tooManyEndpoints();
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
