import { CustomersService, DryRunsService, type RequestTrace } from '@app/customers';
import { DomainError } from '@app/platform';
import { RunsReader } from '@app/runs';
import { CLI_CALLER, newTrace } from '../cli-caller.js';
import type { Services } from '../with-services.js';
import type { NewCustomer } from '../../../api/src/customers/customer.schema.js';
import { keyOfCustomer } from './row-key.js';
import { refusedRow, type RowResult } from './row-result.js';

/** Rows at once: as many as there are connections to the database. */
const LANES = 4;

/** A row that may be accepted. */
export interface AcceptableRow {
  line: number;
  externalId: string;
  input: NewCustomer;
}

/** How rows are accepted. */
export interface RowAcceptance {
  services: Services;
  dryRun: boolean;
  signal: AbortSignal;
  onResult: (result: RowResult) => void;
}

/**
 * Accepts each row for itself, or with `dryRun` only says whether it would be; tells each result. What was accepted before is found and made
 * by no one twice. Throws what an unreachable database or key service throws, and an AbortError: then the rest is left as it is.
 */
export async function acceptRows(rows: readonly AcceptableRow[], how: RowAcceptance): Promise<void> {
  const trace = newTrace();
  const rest = rows.values();
  const goOn = async (): Promise<void> => {
    for (const row of rest) {
      how.signal.throwIfAborted();
      how.onResult(await settle(row, how, trace));
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: LANES }, goOn));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function settle(row: AcceptableRow, how: RowAcceptance, trace: RequestTrace): Promise<RowResult> {
  try {
    return how.dryRun ? await judgeRow(row, how.services) : await acceptRow(row, how.services, trace);
  } catch (error) {
    // An outage is no row's own.
    if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
    const { customerId } = error.facts;
    return refusedRow(row, error.code, error.message, typeof customerId === 'string' ? customerId : null);
  }
}

async function judgeRow({ line, externalId, input }: AcceptableRow, services: Services): Promise<RowResult> {
  await services.get(DryRunsService).judge(input);
  return { line, externalId, customerId: null, runId: null, state: 'acceptable', code: null, message: null };
}

async function acceptRow({ line, externalId, input }: AcceptableRow, services: Services, trace: RequestTrace) {
  const accepted = await services.get(CustomersService).accept(input, CLI_CALLER, keyOfCustomer(input), trace);
  const customerId = accepted.customer.id;
  // Of one that was accepted before, the newest run may be a rotation.
  const [onboarding] = accepted.replayed
    ? (await services.get(RunsReader).list({ customerId, plan: 'onboarding', limit: 1 })).runs
    : [accepted.run];
  const { id: runId, state, error } = onboarding ?? accepted.run;
  return { line, externalId, customerId, runId, state, ...toldError(error) } satisfies RowResult;
}

/** Why a run stopped, for a result. */
export function toldError(error: unknown): Pick<RowResult, 'code' | 'message'> {
  const { code = null, message = null } = (error ?? {}) as Partial<Pick<RowResult, 'code' | 'message'>>;
  return { code, message };
}
