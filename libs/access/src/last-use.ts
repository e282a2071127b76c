import type { Database } from '@app/platform';
import type { AccessLogger } from './access-options.js';

const RESOLUTION_MS = 60_000;

/** Notes when an API key was last used: to the minute, and behind the request's back. */
export class LastUse {
  readonly #pending = new Map<string, Promise<void>>();

  constructor(
    private readonly database: Database,
    private readonly logger: AccessLogger,
  ) {}

  /** Starts the note unless one of the last minute is there or under way, and tells whether it did; `noted` is what the row says. */
  note(id: string, noted: Date | null, usedAt: Date): boolean {
    if (this.#pending.has(id)) return false;
    if (noted !== null && usedAt.getTime() - noted.getTime() < RESOLUTION_MS) return false;
    const written = this.#write(id, usedAt)
      .catch((error: unknown) => this.logger.warn({ err: error, apiKeyId: id }, 'last use of an API key not noted'))
      .finally(() => this.#pending.delete(id));
    this.#pending.set(id, written);
    return true;
  }

  /** Resolves when every note that was started is written. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending.values());
  }

  async #write(id: string, usedAt: Date): Promise<void> {
    const before = new Date(usedAt.getTime() - RESOLUTION_MS);
    await this.database.client.apiKey.updateMany({
      where: { id, OR: [{ lastUsedAt: null }, { lastUsedAt: { lte: before } }] },
      data: { lastUsedAt: usedAt },
    });
  }
}
