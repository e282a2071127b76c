import { Injectable } from '@nestjs/common';
import type { Run, Sql } from '@app/platform';
import { hasStopped, RunsService, RunSuccession, type Takeover } from '@app/runs';
import type { ClientField } from '../changes/customer-changes.js';
import { inputOfNext } from './reconciliation-input.js';

/** From the beginning of a reconciliation to giving up, in ms. */
export const RECONCILIATION_WALL_CLOCK_MS = 86_400_000;

/** Who asks that a customer be compared with Qlik, and what was changed that Qlik does not have yet. */
export interface ReconciliationRequest extends Takeover {
  customerId: string;
  traceparent: string | null;
  changed: readonly ClientField[];
}

/** Whether nobody has begun to work on the run: it will see whatever is changed now. */
const isUntouched = (run: Run): boolean => run.state === 'queued' && run.step === null;

/** The run that is at work for the customer, and may have read already what is about to change. Pure. */
export const findAtWork = (unfinished: readonly Run[]): Run | undefined =>
  unfinished.find((run) => !hasStopped(run) && !isUntouched(run) && (run.holdsSlot || run.plan === 'reconciliation'));

/** Begins reconciliations that somebody asked for. All in the caller's transaction, which holds the customer; waking is the caller's. */
@Injectable()
export class ReconciliationStart {
  constructor(
    private readonly runs: RunsService,
    private readonly succession: RunSuccession,
  ) {}

  /** The comparison that will see what is changed now: one that nobody has begun, one that stopped and begins anew, or a new one. While another run is at work, that run: only for changes that Qlik need not know. */
  async begin(tx: Sql, unfinished: readonly Run[], request: ReconciliationRequest): Promise<Run> {
    const { customerId, changed, actor, requestId, traceparent, reason } = request;
    const atWork = findAtWork(unfinished);
    const own = unfinished.find(({ plan }) => plan === 'reconciliation');
    const other = unfinished.find((run) => run.holdsSlot && run.id !== own?.id);
    if (atWork !== undefined) return atWork;
    if (own === undefined)
      return this.runs.create(tx, {
        ...{ customerId, actor, requestId, traceparent, reason },
        plan: 'reconciliation',
        input: { changed },
        wallClockMs: RECONCILIATION_WALL_CLOCK_MS,
        // The slot is with a run that begins first, or with one that waits for a person, who is not waited for.
        ...(other === undefined ? {} : { waitsForSlot: true }),
      });
    const input = inputOfNext(own);
    await this.succession.redirect(
      tx,
      own,
      { ...input, changed: [...new Set([...input.changed, ...changed])] },
      reason,
    );
    return hasStopped(own) ? this.succession.beginAnew(tx, own, request) : own;
  }
}
