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

  /** Starts the note unless one of the last minute is there or under way; `noted` is what the row says. */
  note(id: string, noted: Date | null, usedAt: Date): void {
    if (this.#pending.has(id)) return;
    if (noted !== null && usedAt.getTime() - noted.getTime() < RESOLUTION_MS) return;
    const written = this.#write(id, usedAt)
      .catch((error: unknown) => this.logger.warn({ err: error, apiKeyId: id }, 'last use of an API key not noted'))
      .finally(() => this.#pending.delete(id));
    this.#pending.set(id, written);
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
