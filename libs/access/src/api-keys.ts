import { timingSafeEqual } from 'node:crypto';
import { AuditTrail, SYSTEM_CHAIN } from '@app/audit';
import { type ApiKey, Database, DomainError, type Secret } from '@app/platform';
import { Inject, Injectable, type OnModuleDestroy, Optional } from '@nestjs/common';
import { ACCESS_CLOCK, ACCESS_LOGGER, type AccessLogger, type Clock, systemClock } from './access-options.js';
import { ApiKeyCache, type KnownKey } from './api-key-cache.js';
import { ApiKeyRefused } from './api-key-refused.js';
import { issueKey, parseKey } from './api-key-token.js';
import type { Caller } from './caller.js';
import { LastUse } from './last-use.js';
import { checkNewApiKey, type NewApiKey } from './new-api-key.js';
import type { Scope } from './scopes.js';

/** What a key is worth now: only an active one lets its holder in. */
export type ApiKeyState = 'active' | 'expired' | 'revoked';

/** A key as it is shown to people: never its secret. */
export interface ListedApiKey {
  id: string;
  name: string;
  scopes: Scope[];
  state: ApiKeyState;
  createdAt: Date;
  expiresAt: Date;
  /** To the minute; null while it was never used. */
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

/** The keys by which an OEM's systems call us. A key that expires is refused from the next request on, and a revoked one as soon as the process has heard of it, which takes milliseconds (docs/security.md). */
@Injectable()
export class ApiKeys implements OnModuleDestroy {
  readonly #lastUse: LastUse;

  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
    @Inject(ACCESS_LOGGER) logger: AccessLogger,
    @Inject(ACCESS_CLOCK) private readonly now: Clock = systemClock,
    @Optional() private readonly cache?: ApiKeyCache,
  ) {
    this.#lastUse = new LastUse(database, logger);
  }

  /** Makes a key; `key` cannot be had a second time. Throws API_KEY_NAME_INVALID, SCOPE_UNKNOWN or API_KEY_EXPIRY_INVALID. */
  async create(request: NewApiKey): Promise<{ id: string; key: Secret }> {
    const createdAt = this.now();
    const scopes = checkNewApiKey(request, createdAt);
    const { id, secretHash, key } = issueKey();
    const { name, expiresAt, actor } = request;
    await this.database.transaction(async (tx) => {
      await tx.apiKey.create({ data: { id, name, secretHash, scopes, createdAt, expiresAt } });
      await this.audit.append(tx, {
        chain: SYSTEM_CHAIN,
        action: 'api_key.created',
        actor,
        subject: { apiKeyId: id },
        data: { scopes: scopes.join(' '), expiresAt: expiresAt.toISOString() },
      });
    });
    return { id, key };
  }

  /** Who holds this key. Throws ApiKeyRefused; whether a key is expired or revoked is told only to who holds its secret. */
  async authenticate(token: string): Promise<Caller> {
    const parsed = parseKey(token);
    if (parsed === undefined) {
      throw new ApiKeyRefused(
        'API_KEY_MALFORMED',
        'This is not an API key: a character is missing or changed. Send it whole, as it was shown when it was made.',
      );
    }
    const { id, secretHash } = parsed;
    const row = await (this.cache?.find(id, () => this.#look(id)) ?? this.#look(id));
    if (row === undefined || !timingSafeEqual(row.secretHash, secretHash)) {
      throw new ApiKeyRefused(
        'API_KEY_UNKNOWN',
        `The API key "${id}" is not one of this installation: check that it was made for this one, or make a new key.`,
        row?.id,
      );
    }
    const now = this.now();
    this.#assertUsable(row, now);
    // A remembered row would have it noted at each request until it is read again.
    if (this.#lastUse.note(id, row.lastUsedAt, now)) row.lastUsedAt = now;
    return { kind: 'api-key', id, name: row.name, scopes: row.scopes as Scope[], actor: `api-key:${id}` };
  }

  /** Takes a key back: it is refused from the next request on. Once is enough, twice does no harm. Throws API_KEY_NOT_FOUND. */
  async revoke(id: string, actor: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { count } = await tx.apiKey.updateMany({
        where: { id, revokedAt: null },
        data: { revokedAt: this.now() },
      });
      if (count === 1) {
        await this.audit.append(tx, {
          chain: SYSTEM_CHAIN,
          action: 'api_key.revoked',
          actor,
          subject: { apiKeyId: id },
        });
      } else if ((await tx.apiKey.count({ where: { id } })) === 0) {
        // Not quoted: it may be a whole key.
        throw new DomainError(
          'not-found',
          'API_KEY_NOT_FOUND',
          'There is no API key of this id: give the id that the list of keys shows, the 12 characters after "tp_" of a key.',
        );
      }
    });
    this.cache?.forget(id);
  }

  /** Every key there ever was, newest first. */
  async list(): Promise<ListedApiKey[]> {
    const rows = await this.database.client.apiKey.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'asc' }] });
    const now = this.now();
    return rows.map(({ secretHash: _, ...row }) => ({
      ...row,
      scopes: row.scopes as Scope[],
      state: stateOf(row, now),
    }));
  }

  /** Lets the notes of last uses be written while the database is still there. */
  async onModuleDestroy(): Promise<void> {
    await this.#lastUse.settled();
  }

  async #look(id: string): Promise<KnownKey | undefined> {
    const [row] = await this.database.sql.$queryRaw<KnownKey[]>`
      SELECT id, name, secret_hash AS "secretHash", scopes, expires_at AS "expiresAt", last_used_at AS "lastUsedAt",
        revoked_at AS "revokedAt"
      FROM api_keys WHERE id = ${id}`;
    return row;
  }

  #assertUsable(row: KnownKey, now: Date): void {
    const state = stateOf(row, now);
    if (state === 'revoked') {
      throw new ApiKeyRefused(
        'API_KEY_REVOKED',
        `The API key "${row.id}" was revoked at ${row.revokedAt!.toISOString()}: use another key, or make a new one.`,
        row.id,
      );
    }
    if (state === 'expired') {
      throw new ApiKeyRefused(
        'API_KEY_EXPIRED',
        `The API key "${row.id}" expired at ${row.expiresAt.toISOString()}: make a new one, and use it instead.`,
        row.id,
      );
    }
  }
}

function stateOf(row: Pick<ApiKey, 'revokedAt' | 'expiresAt'>, now: Date): ApiKeyState {
  if (row.revokedAt !== null) return 'revoked';
  return row.expiresAt <= now ? 'expired' : 'active';
}
