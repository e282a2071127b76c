import { AuditTrail, SYSTEM_CHAIN } from '@app/audit';
import { Database, type DomainError } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ACCESS_CLOCK, type Clock, systemClock } from './access-options.js';
import { AccessTokenRefused } from './access-tokens/access-token-refused.js';
import { ApiKeyRefused } from './api-key-refused.js';
import type { Caller } from './caller.js';

/** A request that was refused for want of a right. */
export interface Refusal {
  /** What the caller is told: of kind `unauthenticated` or `forbidden`. */
  error: DomainError;
  /** What was asked for, as the interface documents it (a route's pattern, never a request's own path). At most 1,000 characters. */
  operation: string;
  /** Who asked; absent as long as nobody is known. */
  caller?: Caller | undefined;
}

const QUIET_MS = 60_000;
/** Holders that are kept in mind. */
const MAX_HOLDERS = 10_000;

/** Keeps refusals in the audit trail, without letting a stranger fill it. */
@Injectable()
export class AccessRefusals {
  readonly #recent = new LRUCache<string, { until: number; unrecorded: number }>({ max: MAX_HOLDERS });

  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
    @Inject(ACCESS_CLOCK) private readonly now: Clock = systemClock,
  ) {}

  /**
   * Writes one `access.refused` on the chain `system` for a known caller, and for a key that exists, or a token that the issuer signed, but
   * that lets nobody in: that one at most once a minute per key or holder, code and process, with the number left out since (`unrecorded`),
   * for it may be tried without end. Of nobody known (no key, a malformed one, an id that does not exist, a signature that does not fit)
   * nothing is written. Resolves to whether an event was.
   */
  async recordRefusal({ error, operation, caller }: Refusal): Promise<boolean> {
    if (caller !== undefined) {
      await this.#append(caller.actor, subjectOf(caller), { code: error.code, operation, ...scopeOf(error) });
      return true;
    }
    const holder = holderOf(error);
    if (holder === undefined) return false;
    const kind = `${holder.id} ${error.code}`;
    const now = this.now().getTime();
    const recent = this.#recent.get(kind);
    if (recent !== undefined && now < recent.until) {
      recent.unrecorded++;
      return false;
    }
    this.#recent.set(kind, { until: now + QUIET_MS, unrecorded: 0 });
    const data = { code: error.code, operation, unrecorded: recent?.unrecorded ?? 0 };
    await this.#append(holder.actor, subjectOf(holder), data);
    return true;
  }

  #append(actor: string, subject: Record<string, string>, data: Record<string, string | number>): Promise<void> {
    return this.database.transaction((tx) =>
      this.audit.append(tx, { chain: SYSTEM_CHAIN, action: 'access.refused', actor, subject, data }),
    );
  }
}

type Holder = Pick<Caller, 'kind' | 'id'> & { actor: string };

/** Whose key or token was refused, as far as the audit trail may name them. */
function holderOf(error: DomainError): Holder | undefined {
  if (error instanceof AccessTokenRefused && error.callerId !== undefined) {
    return { kind: 'jwt', id: error.callerId, actor: error.callerId };
  }
  if (!(error instanceof ApiKeyRefused) || error.keyId === undefined) return undefined;
  // Who gave the wrong secret did not show to be the key's holder.
  const actor = error.code === 'API_KEY_UNKNOWN' ? 'anonymous' : `api-key:${error.keyId}`;
  return { kind: 'api-key', id: error.keyId, actor };
}

function subjectOf({ kind, id }: Pick<Caller, 'kind' | 'id'>): Record<string, string> {
  return kind === 'api-key' ? { apiKeyId: id } : { callerId: id };
}

function scopeOf(error: DomainError): Record<string, string | number> {
  return typeof error.facts.scope === 'string' ? { scope: error.facts.scope } : {};
}
