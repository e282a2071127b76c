/** Why a run or a step stopped: `code` has an entry in docs/runbook.md, `hint` says what to do, `qlik` is what Qlik itself said. Never a secret. */
export interface RunError {
  code: string;
  message: string;
  hint?: string;
  qlik?: Record<string, string | number>;
}

/** One call that an attempt made to the outside: operators see it. Never a body, a header or a secret. */
export type CallRecord = Record<string, string | number | undefined>;

/** The code of a run that was ended because another run does its work. */
export const SUPERSEDED = 'SUPERSEDED';
