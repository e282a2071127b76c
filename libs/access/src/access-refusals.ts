import { AuditTrail, SYSTEM_CHAIN } from '@app/audit';
import { Database, type DomainError } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import { ACCESS_CLOCK, type Clock, systemClock } from './access-options.js';
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

/** Keeps refusals in the audit trail, without letting a stranger fill it. */
@Injectable()
export class AccessRefusals {
  readonly #recent = new Map<string, { until: number; unrecorded: number }>();

  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
    @Inject(ACCESS_CLOCK) private readonly now: Clock = systemClock,
  ) {}

  /**
   * Writes one `access.refused` on the chain `system` for a known caller, and for a key that exists but lets nobody in: that one at most once
   * a minute per key, code and process, with the number left out since (`unrecorded`), for such a key may be tried without end. Of nobody
   * known (no key, a malformed one, an id that does not exist) nothing is written. Resolves to whether an event was.
   */
  async recordRefusal({ error, operation, caller }: Refusal): Promise<boolean> {
    if (caller !== undefined) {
      await this.#append(caller.actor, caller.id, { code: error.code, operation, ...scopeOf(error) });
      return true;
    }
    if (!(error instanceof ApiKeyRefused) || error.keyId === undefined) return false;
    const kind = `${error.keyId} ${error.code}`;
    const now = this.now().getTime();
    const recent = this.#recent.get(kind);
    if (recent !== undefined && now < recent.until) {
      recent.unrecorded++;
      return false;
    }
    this.#recent.set(kind, { until: now + QUIET_MS, unrecorded: 0 });
    // Who gave the wrong secret did not show to be the key's holder.
    const actor = error.code === 'API_KEY_UNKNOWN' ? 'anonymous' : `api-key:${error.keyId}`;
    await this.#append(actor, error.keyId, { code: error.code, operation, unrecorded: recent?.unrecorded ?? 0 });
    return true;
  }

  #append(actor: string, apiKeyId: string, data: Record<string, string | number>): Promise<void> {
    return this.database.transaction((tx) =>
      this.audit.append(tx, { chain: SYSTEM_CHAIN, action: 'access.refused', actor, subject: { apiKeyId }, data }),
    );
  }
}

function scopeOf(error: DomainError): Record<string, string | number> {
  return typeof error.facts.scope === 'string' ? { scope: error.facts.scope } : {};
}
