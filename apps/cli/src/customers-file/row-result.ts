import type { RunState } from '@app/platform';

/** What became of a row: a customer and the state of the run that onboards it, or why there is none. */
export interface RowResult {
  line: number;
  externalId: string;
  customerId: string | null;
  runId: string | null;
  /** `acceptable`: what a dry run found nothing against. */
  state: RunState | 'refused' | 'acceptable';
  code: string | null;
  message: string | null;
}

/** A row that makes no customer. */
export const refusedRow = (
  { line, externalId }: Pick<RowResult, 'line' | 'externalId'>,
  code: string,
  message: string,
  customerId: string | null = null,
): RowResult => ({ line, externalId, customerId, runId: null, state: 'refused', code, message });
