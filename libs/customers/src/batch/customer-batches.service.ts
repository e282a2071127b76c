import { Injectable } from '@nestjs/common';
import { Database, DomainError, isDatabaseUnavailable } from '@app/platform';
import { bulkhead, type BulkheadPolicy } from 'cockatiel';
import { hashCanonicalJson } from '../canonical-json.js';
import { CustomersRepository, type RequestKey } from '../customers.repository.js';
import {
  type Accepted,
  CustomersService,
  inProgress,
  inProgressIfLocked,
  keyReused,
  type RequestTrace,
} from '../customers.service.js';
import type { Caller, NewCustomer } from '../new-customer.js';
import { findDuplicates } from './duplicates.js';

/** Transactions of all batches of this process at once: of its connections, some are left for other requests. */
const AT_ONCE = 8;

/** An item of a batch: what it asks for, as far as that can be read, and why it cannot be accepted as it is, where that is known already. */
export type BatchItem =
  { input: NewCustomer; refusal?: undefined } | { input: NewCustomer | undefined; refusal: DomainError };

/** What became of an item. */
export type BatchItemResult = Accepted | { error: unknown };

/** What became of a batch, item by item in its order; `replayed` when its key came before. */
export interface AcceptedBatch {
  replayed: boolean;
  results: BatchItemResult[];
}

/** Accepts many customers by one request, each for itself. */
@Injectable()
export class CustomerBatchesService {
  readonly #places: BulkheadPolicy = bulkhead(AT_ONCE, Infinity);

  constructor(
    private readonly database: Database,
    private readonly repository: CustomersRepository,
    private readonly customers: CustomersService,
  ) {}

  /**
   * Accepts every item in a transaction of its own, under a key derived from `key`: the same batch again gives the same customers, and
   * does what was left undone. What is asked for twice goes to the first that can have it. Throws IDEMPOTENCY_KEY_REUSED,
   * IDEMPOTENCY_IN_PROGRESS, and what an unreachable database throws: then the same batch is to be sent again.
   */
  async accept(items: readonly BatchItem[], caller: Caller, key: string, trace: RequestTrace): Promise<AcceptedBatch> {
    // What cannot be read makes nothing, so it counts as the same in whatever form it comes.
    const requestHash = hashCanonicalJson({ customers: items.map(({ input }) => input ?? null) });
    const replayed = await this.#places.execute(() => this.#claimKey({ caller: caller.id, key, requestHash }));
    const { free, contested } = findDuplicates(
      items.map(({ input, refusal }) => (refusal === undefined ? input : undefined)),
    );
    const results = items.map<BatchItemResult>(({ refusal }) => ({ error: refusal }));
    const accept = async (position: number): Promise<void> => {
      const { input } = items[position]!;
      results[position] = await this.#places
        .execute(() => this.customers.accept(input!, caller, keyOfItem(key, requestHash, position), trace))
        .catch(itemError);
    };
    await eachOf(free, AT_ONCE, accept);
    await eachOf(contested, 1, accept);
    return { replayed, results };
  }

  /** Notes the batch's key, unless this batch has done so before, which it tells. */
  async #claimKey(request: RequestKey): Promise<boolean> {
    const isNew = await this.database
      .sqlTransaction((tx) => this.repository.insertBatchKey(tx, request))
      .catch(inProgressIfLocked);
    if (isNew) return false;
    const earlier = await this.repository.findRequest(request.caller, request.key);
    if (earlier === undefined) throw inProgress();
    if (earlier.requestHash !== request.requestHash) throw keyReused(earlier.customerId);
    return true;
  }
}

/** No key of a caller's has a space in it; and a key that has expired and comes with another batch finds nothing of the first one's. */
const keyOfItem = (key: string, requestHash: string, position: number): string => `${key} ${requestHash} ${position}`;

/** An outage is no item's own: it ends the batch, which the caller sends again. */
function itemError(error: unknown): { error: unknown } {
  if (isDatabaseUnavailable(error)) throw error;
  return { error };
}

/** Does `work` for each position, the first ones first, in so many lanes. A lane ends where its work fails; once all have ended, rejects as the first of them did. */
async function eachOf(
  positions: readonly number[],
  lanes: number,
  work: (position: number) => Promise<void>,
): Promise<void> {
  const rest = positions.values();
  const goOn = async (): Promise<void> => {
    for (const position of rest) await work(position);
  };
  const ends = await Promise.allSettled(Array.from({ length: lanes }, goOn));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
