import { QlikError, type QlikErrorFacts } from '../qlik-error.js';

/** Calls to one tenant that may be under way at once, in this process. */
export const CALLS_AT_ONCE = 2;
/** Calls to one tenant that may wait for their turn here; a run that waits in its row holds nothing up, one that waits here does. */
export const CALLS_WAITING = 4;

const BUSY_MS = 1_000;

/** How many calls one tenant gets from a process at once, and how many may wait behind them. */
export interface BulkheadRoom {
  atOnce: number;
  waiting: number;
}

interface Lane {
  underWay: number;
  waiting: (() => void)[];
}

/** Keeps a slow tenant from taking up a process: so many calls to it at once, in the order of their coming, and so many that wait. */
export class TenantBulkhead {
  readonly #lanes = new Map<string, Lane>();

  constructor(
    private readonly random: () => number = Math.random,
    private readonly room: BulkheadRoom = { atOnce: CALLS_AT_ONCE, waiting: CALLS_WAITING },
  ) {}

  /** Makes the call when it is its turn. Throws TENANT_BUSY if too many wait already, CALL_ABORTED if the caller gives up before its turn. */
  async run<T>(
    call: Pick<QlikErrorFacts, 'operation' | 'host'>,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    await this.#enter(call, signal);
    try {
      return await work();
    } finally {
      this.#leave(call.host);
    }
  }

  async #enter({ operation, host }: Pick<QlikErrorFacts, 'operation' | 'host'>, signal?: AbortSignal): Promise<void> {
    const lane = this.#lanes.get(host) ?? { underWay: 0, waiting: [] };
    this.#lanes.set(host, lane);
    if (lane.underWay < this.room.atOnce) {
      lane.underWay += 1;
      return;
    }
    if (lane.waiting.length >= this.room.waiting) {
      throw new QlikError('TENANT_BUSY', { operation, host, retryAfterMs: BUSY_MS * (1 + this.random()) });
    }
    if (signal?.aborted === true) throw new QlikError('CALL_ABORTED', { operation, host });
    await new Promise<void>((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        lane.waiting.splice(lane.waiting.indexOf(begin), 1);
        reject(new QlikError('CALL_ABORTED', { operation, host }));
      };
      lane.waiting.push(begin);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** The place passes to whoever has waited longest, so that nobody slips in between. */
  #leave(host: string): void {
    const lane = this.#lanes.get(host)!;
    const next = lane.waiting.shift();
    if (next !== undefined) return next();
    lane.underWay -= 1;
    if (lane.underWay === 0) this.#lanes.delete(host);
  }
}
