import { timingSafeEqual } from 'node:crypto';
import { AuditTrail, SYSTEM_CHAIN } from '@app/audit';
import { type ApiKey, Database, DomainError, type Transaction } from '@app/platform';
import { Inject, Injectable, type OnModuleDestroy, Optional } from '@nestjs/common';
import { ACCESS_CLOCK, ACCESS_LOGGER, type AccessLogger, type Clock, systemClock } from './access-options.js';
import { ApiKeyCache, type KnownKey } from './api-key-cache.js';
import { takePlace } from './api-key-places.js';
import { ApiKeyRefused } from './api-key-refused.js';
import {
  API_KEY_MAX_OVERLAP_MS,
  type ApiKeyReplacementRequest,
  type CreatedApiKey,
  type ReplacingApiKey,
} from './api-key-replacement.js';
import { issueKey, type ParsedKey, parseKey } from './api-key-token.js';
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

/** Keys, newest first. */
export interface ApiKeyPage {
  keys: ListedApiKey[];
  nextCursor?: string;
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

  /**
   * Makes a key; `key` cannot be had a second time. Throws API_KEY_NAME_INVALID, SCOPE_UNKNOWN, SCOPE_NOT_HELD, API_KEY_EXPIRY_INVALID,
   * or API_KEY_NAME_IN_USE when two keys of the name are active.
   */
  async create(request: NewApiKey): Promise<CreatedApiKey> {
    const createdAt = this.now();
    const scopes = checkNewApiKey(request, createdAt);
    return this.database.transaction(async (tx) => {
      await takePlace(tx, request.name, createdAt);
      return this.#issue(tx, { ...request, scopes, createdAt });
    });
  }

  /**
   * Makes a second key of the same name and scopes, and lets the first one end after the overlap, or when it would have ended anyway.
   * Throws API_KEY_NOT_FOUND, API_KEY_NOT_ACTIVE, SCOPE_NOT_HELD, API_KEY_EXPIRY_INVALID, API_KEY_OVERLAP_INVALID or API_KEY_NAME_IN_USE.
   */
  async replace(id: string, request: ApiKeyReplacementRequest): Promise<ReplacingApiKey> {
    const { overlapMs, actor } = request;
    if (!(overlapMs >= 0 && overlapMs <= API_KEY_MAX_OVERLAP_MS)) {
      throw new DomainError(
        'invalid',
        'API_KEY_OVERLAP_INVALID',
        'The old key may stay for at most 30 days: give a shorter overlap.',
      );
    }
    const now = this.now();
    return this.database.transaction(async (tx) => {
      const { name } = await getKey(tx, id);
      await takePlace(tx, name, now);
      const old = await getKey(tx, id);
      if (stateOf(old, now) !== 'active') {
        throw new DomainError(
          'conflict',
          'API_KEY_NOT_ACTIVE',
          `The API key "${id}" is ${stateOf(old, now)}, so that there is nothing to take over: make a new key.`,
        );
      }
      const scopes = checkNewApiKey({ ...request, name, scopes: old.scopes }, now);
      const endsAt = new Date(Math.min(old.expiresAt.getTime(), now.getTime() + overlapMs));
      await tx.apiKey.update({ where: { id }, data: { expiresAt: endsAt } });
      const created = await this.#issue(tx, { ...request, name, scopes, createdAt: now }, id);
      await this.audit.append(tx, {
        chain: SYSTEM_CHAIN,
        action: 'api_key.replaced',
        actor,
        subject: { apiKeyId: id },
        data: { replacedBy: created.id, expiresAt: endsAt.toISOString() },
      });
      return { ...created, replaces: { id, expiresAt: endsAt } };
    });
  }

  /** Who holds this key. Throws ApiKeyRefused; whether a key is expired or revoked is told only to who holds its secret. */
  async authenticate(token: string): Promise<Caller> {
    return this.read(token)();
  }

  /** Takes a key apart: what is returned authenticates its holder, as often as it is called, and gives the same object while the key's row is remembered. Throws API_KEY_MALFORMED. */
  read(token: string): () => Caller | Promise<Caller> {
    const parsed = parseKey(token);
    if (parsed === undefined) {
      throw new ApiKeyRefused(
        'API_KEY_MALFORMED',
        'This is not an API key: a character is missing or changed. Send it whole, as it was shown when it was made.',
      );
    }
    return () => this.#authenticate(parsed);
  }

  /** Takes a key back: it is refused here from the next request on, and elsewhere within milliseconds. Once is enough, twice does no harm. Throws API_KEY_NOT_FOUND. */
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
      } else {
        await getKey(tx, id);
      }
    });
    this.cache?.forget(id);
  }

  /** One page of every key there ever was, newest first; `cursor` is the id of the last key of the page before. `nextCursor` is absent on the last page. */
  async list({ cursor, limit }: { cursor?: string; limit: number }): Promise<ApiKeyPage> {
    const rows = await this.database.client.apiKey.findMany({
      ...(cursor === undefined ? {} : { cursor: { id: cursor }, skip: 1 }),
      orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      take: limit + 1,
    });
    const now = this.now();
    const keys = rows.slice(0, limit).map(({ secretHash: _, ...row }) => ({
      ...row,
      scopes: row.scopes as Scope[],
      state: stateOf(row, now),
    }));
    const last = keys.at(-1);
    return rows.length > limit && last !== undefined ? { keys, nextCursor: last.id } : { keys };
  }

  /** Lets the notes of last uses be written while the database is still there. */
  async onModuleDestroy(): Promise<void> {
    await this.#lastUse.settled();
  }

  /** Not in promises where nothing is waited for: every request comes by here. */
  #authenticate(parsed: ParsedKey): Caller | Promise<Caller> {
    const { id } = parsed;
    const row = this.cache?.find(id, () => this.#look(id)) ?? this.#look(id);
    return row instanceof Promise ? row.then((found) => this.#callerOf(found, parsed)) : this.#callerOf(row, parsed);
  }

  #callerOf(row: KnownKey | undefined, { id, secretHash }: ParsedKey): Caller {
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
    return row.caller;
  }

  async #look(id: string): Promise<KnownKey | undefined> {
    const [row] = await this.database.sql.$queryRaw<Omit<ApiKey, 'createdAt'>[]>`
      SELECT id, name, secret_hash AS "secretHash", scopes, expires_at AS "expiresAt", last_used_at AS "lastUsedAt",
        revoked_at AS "revokedAt"
      FROM api_keys WHERE id = ${id}`;
    if (row === undefined) return undefined;
    const { name, scopes, ...rest } = row;
    return { ...rest, caller: { kind: 'api-key', id, name, scopes: scopes as Scope[], actor: `api-key:${id}` } };
  }

  async #issue(
    tx: Transaction,
    { name, scopes, createdAt, expiresAt, actor }: NewApiKey & { scopes: Scope[]; createdAt: Date },
    replaces?: string,
  ): Promise<CreatedApiKey> {
    const { id, secretHash, key } = issueKey();
    await tx.apiKey.create({ data: { id, name, secretHash, scopes, createdAt, expiresAt } });
    await this.audit.append(tx, {
      chain: SYSTEM_CHAIN,
      action: 'api_key.created',
      actor,
      subject: { apiKeyId: id },
      data: {
        scopes: scopes.join(' '),
        expiresAt: expiresAt.toISOString(),
        ...(replaces === undefined ? {} : { replaces }),
      },
    });
    return { id, key, name, scopes, createdAt, expiresAt };
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

async function getKey(tx: Transaction, id: string): Promise<ApiKey> {
  const row = await tx.apiKey.findUnique({ where: { id } });
  if (row !== null) return row;
  // Not quoted: it may be a whole key.
  throw new DomainError(
    'not-found',
    'API_KEY_NOT_FOUND',
    'There is no API key of this id: give the id that the list of keys shows, the 12 characters after "tp_" of a key.',
  );
}

function stateOf(row: Pick<ApiKey, 'revokedAt' | 'expiresAt'>, now: Date): ApiKeyState {
  if (row.revokedAt !== null) return 'revoked';
  return row.expiresAt <= now ? 'expired' : 'active';
}
