import { DomainError, type ErrorKind } from '@app/platform';
import { QlikError, type QlikErrorCode } from '@app/qlik';
import type { ProblemCode } from '../problems/problem-catalog.js';

interface Telling {
  code: ProblemCode;
  kind: ErrorKind;
  /** What to do next. */
  next: string;
}

const LATER = 'Nothing needs doing; ask again later.';

/** How what can go wrong with a token is told to who asked for it. */
const tellings: Partial<Record<QlikErrorCode, Telling>> = {
  USER_NOT_FOUND: {
    code: 'USER_NOT_FOUND',
    kind: 'invalid',
    next: 'Check that the user exists in the tenant and that "field" fits its value.',
  },
  TENANT_DISABLED: { code: 'TENANT_DISABLED', kind: 'unavailable', next: 'Have the tenant enabled at Qlik.' },
  TENANT_NOT_FOUND: {
    code: 'TENANT_NOT_FOUND',
    kind: 'unavailable',
    next: "Compare the customer's tenant host with the tenant's address at Qlik.",
  },
  CREDENTIAL_REFUSED: {
    code: 'CREDENTIAL_REFUSED',
    kind: 'unavailable',
    next: 'Look whether the secret or its client was deleted at Qlik; if so, begin an emergency rotation.',
  },
  QLIK_FORBIDDEN: {
    code: 'QLIK_FORBIDDEN',
    kind: 'unavailable',
    next: "Check the client's grants and its trusted consent at Qlik; the next comparison with Qlik repairs them.",
  },
  QLIK_REFUSED: { code: 'QLIK_REFUSED', kind: 'unavailable', next: "Read Qlik's own words beside this." },
  QLIK_RATE_LIMITED: { code: 'QLIK_RATE_LIMITED', kind: 'unavailable', next: LATER },
  // Tokens are not counted: they wait only where Qlik asked for a pause.
  RATE_LIMIT_REACHED: { code: 'QLIK_RATE_LIMITED', kind: 'unavailable', next: LATER },
  TENANT_BUSY: { code: 'TENANT_BUSY', kind: 'unavailable', next: LATER },
  TENANT_CIRCUIT_OPEN: { code: 'TENANT_CIRCUIT_OPEN', kind: 'unavailable', next: LATER },
  REGION_CIRCUIT_OPEN: { code: 'REGION_CIRCUIT_OPEN', kind: 'unavailable', next: LATER },
  QLIK_UNAVAILABLE: { code: 'QLIK_UNAVAILABLE', kind: 'unavailable', next: LATER },
  QLIK_UNREACHABLE: { code: 'QLIK_UNREACHABLE', kind: 'unavailable', next: LATER },
  QLIK_TIMEOUT: { code: 'QLIK_TIMEOUT', kind: 'unavailable', next: LATER },
  // Nobody but the broker itself gives up: when the answer has taken too long.
  CALL_ABORTED: { code: 'QLIK_TIMEOUT', kind: 'unavailable', next: LATER },
  QLIK_UNREADABLE: {
    code: 'QLIK_UNREADABLE',
    kind: 'unavailable',
    next: "Look whether a proxy answers in Qlik's place.",
  },
  HOST_NOT_ALLOWED: { code: 'HOST_NOT_ALLOWED', kind: 'unavailable', next: 'Add it to QLIK_TENANT_HOSTS of the API.' },
  ADDRESS_NOT_ALLOWED: {
    code: 'ADDRESS_NOT_ALLOWED',
    kind: 'unavailable',
    next: "Check the tenant's host, and the DNS of the machine that runs the API.",
  },
};

/** The problems that a token can meet at Qlik. */
export const tokenProblems: ProblemCode[] = [...new Set(Object.values(tellings).map(({ code }) => code))];

/** The error to tell: Qlik's own words, where it spoke, are its fact `qlik`. What is no error of a call to Qlik is given back. */
export function tellQlikError(error: unknown): unknown {
  if (!(error instanceof QlikError)) return error;
  const telling = tellings[error.code];
  if (telling === undefined) return error;
  const { code, kind, next } = telling;
  const { qlik, retryAfterMs } = error;
  return new DomainError(kind, code, `${error.message} ${next}`, {
    cause: error,
    ...(qlik === undefined ? {} : { facts: { qlik: { ...qlik } } }),
    ...(retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) }),
  });
}
