import type { QlikOperation } from './call.js';
import type { QlikErrorFacts } from './qlik-error.js';

/** The class of a failed call, by which a caller decides what to do about it. */
export type QlikFailure =
  | 'held-back'
  | 'rate-limited'
  | 'unavailable'
  | 'refused'
  | 'unreadable'
  | 'not-configured'
  | 'address-refused'
  | 'aborted';

/** What went wrong, in stable words of ours. */
export type QlikErrorCode =
  | 'PARENT_NOT_CONFIGURED'
  | 'PARENT_REFUSED'
  | 'TENANT_DISABLED'
  | 'TENANT_NOT_FOUND'
  | 'CREDENTIAL_REFUSED'
  | 'USER_NOT_FOUND'
  | 'CLIENT_NOT_FOUND'
  | 'IDENTIFIER_NOT_USABLE'
  | 'SECRET_CAPACITY'
  | 'QLIK_FORBIDDEN'
  | 'QLIK_REFUSED'
  | 'QLIK_RATE_LIMITED'
  | 'RATE_LIMIT_REACHED'
  | 'TENANT_BUSY'
  | 'TENANT_CIRCUIT_OPEN'
  | 'REGION_CIRCUIT_OPEN'
  | 'QLIK_UNAVAILABLE'
  | 'QLIK_UNREACHABLE'
  | 'QLIK_TIMEOUT'
  | 'QLIK_UNREADABLE'
  | 'HOST_NOT_ALLOWED'
  | 'ADDRESS_NOT_ALLOWED'
  | 'CALL_ABORTED';

interface Row {
  failure: QlikFailure;
  /** What happened, and where. */
  message: (facts: QlikErrorFacts) => string;
  /** What to do next. */
  hint: (facts: QlikErrorFacts) => string;
}

const actions: Record<QlikOperation, string> = {
  token: 'get a token',
  'list-oauth-clients': 'list OAuth clients',
  'create-oauth-client': 'create the OAuth client',
  'get-oauth-client': 'read the OAuth client',
  'patch-oauth-client': 'change the OAuth client',
  'delete-oauth-client': 'delete the OAuth client',
  'get-connection-config': "read the OAuth client's connection config",
  'patch-connection-config': "trust the OAuth client's consent",
  'create-client-secret': 'create a client secret',
  'delete-client-secret': 'delete a client secret',
};

const to = ({ operation, host }: QlikErrorFacts) => `${actions[operation]} at "${host}"`;

const answer = ({ qlik }: QlikErrorFacts) =>
  qlik === undefined ? '' : ` (status ${qlik.status}${qlik.code === undefined ? '' : `, code "${qlik.code}"`})`;

const network = ({ networkCode }: QlikErrorFacts) => (networkCode === undefined ? '' : ` (${networkCode})`);

const part = ({ unreadablePart = '' }: QlikErrorFacts) =>
  unreadablePart === '' ? '' : ` at its field "${unreadablePart}"`;

const unknown = ({ outcomeUnknown }: QlikErrorFacts) =>
  outcomeUnknown === true ? ' Qlik may have done it all the same: look before doing it again.' : '';

const isRedirect = ({ qlik }: QlikErrorFacts) => qlik !== undefined && qlik.status >= 300 && qlik.status < 400;

/** Every failure's class and its sentences for an operator: what happened and where, and what to do next. */
export const qlikErrorTable: Record<QlikErrorCode, Row> = {
  PARENT_NOT_CONFIGURED: {
    failure: 'not-configured',
    message: (f) => `There is no parent client for the region of "${f.host}".`,
    hint: () =>
      'Store the one of the region (PUT /v1/parent-clients/{region}, or the command parent-clients set), then retry the run.',
  },
  PARENT_REFUSED: {
    failure: 'refused',
    message: (f) => `The tenant refused the parent client when it wanted to ${to(f)}${answer(f)}.`,
    hint: () =>
      "Store the region's client id and secret anew (PUT /v1/parent-clients/{region}, or the command parent-clients set), check at Qlik that the client may enter this tenant, then retry the run.",
  },
  TENANT_DISABLED: {
    failure: 'refused',
    message: (f) => `Could not ${to(f)}: Qlik says that the tenant is disabled${answer(f)}.`,
    hint: () => 'Have the tenant enabled at Qlik, then retry the run.',
  },
  TENANT_NOT_FOUND: {
    failure: 'refused',
    message: (f) => `Could not ${to(f)}: there seems to be no tenant at this host${answer(f)}${network(f)}.`,
    hint: () =>
      "Compare the host with the tenant's address at Qlik; if it is right, check this machine's DNS. Then retry the run.",
  },
  CREDENTIAL_REFUSED: {
    failure: 'refused',
    message: (f) => `Could not ${to(f)}: the tenant refused the client id and secret${answer(f)}.`,
    hint: () =>
      'A new secret can take two minutes to work; after that, look whether the secret or its client was deleted at Qlik, then retry the run.',
  },
  USER_NOT_FOUND: {
    failure: 'refused',
    message: (f) => `Could not ${to(f)}: the tenant would not let the client act as this user${answer(f)}.`,
    hint: () => 'Check that the user exists in the tenant and that the lookup field fits, then retry the run.',
  },
  CLIENT_NOT_FOUND: {
    failure: 'refused',
    message: (f) => `Could not ${to(f)}: the tenant has no such OAuth client${answer(f)}.`,
    hint: () => 'Look whether it was deleted at Qlik. To have it made anew, cancel the run and retry it.',
  },
  IDENTIFIER_NOT_USABLE: {
    failure: 'refused',
    message: (f) => `Did not ${to(f)}: the id or hint is empty or cannot be part of an address.`,
    hint: () => 'Compare the recorded id with the client at Qlik.',
  },
  SECRET_CAPACITY: {
    failure: 'refused',
    message: (f) => `Could not ${to(f)}: the client already has as many secrets as Qlik allows, five${answer(f)}.`,
    hint: () => 'Delete a secret that nobody uses at Qlik, then retry the run.',
  },
  QLIK_FORBIDDEN: {
    failure: 'refused',
    message: (f) => `The client we used may not ${to(f)}${answer(f)}.`,
    hint: () => 'Check its roles, scopes and grants at Qlik, then retry the run.',
  },
  QLIK_REFUSED: {
    failure: 'refused',
    message: (f) => `Qlik refused to ${to(f)}${answer(f)}.`,
    hint: () => "Read Qlik's own words beside this, correct the cause, then retry the run.",
  },
  QLIK_RATE_LIMITED: {
    failure: 'rate-limited',
    message: (f) => `Qlik is rate-limiting this tenant and did not ${to(f)}${answer(f)}.`,
    hint: () => 'It is tried again once the wait is over; nothing needs doing.',
  },
  RATE_LIMIT_REACHED: {
    failure: 'held-back',
    message: (f) =>
      `Did not ${to(f)} yet: this tenant has had as many calls from us in this minute as we allow ourselves, or Qlik asked for a pause.`,
    hint: () =>
      'It goes on by itself; nothing needs doing. If it happens often, compare QLIK_READS_PER_MINUTE and QLIK_WRITES_PER_MINUTE with what Qlik allows this tenant.',
  },
  TENANT_BUSY: {
    failure: 'held-back',
    message: (f) => `Did not ${to(f)} yet: too many of our calls to this tenant are under way already.`,
    hint: () => 'It goes on by itself; nothing needs doing. If it lasts, look why this tenant answers slowly.',
  },
  TENANT_CIRCUIT_OPEN: {
    failure: 'held-back',
    message: (f) => `Did not ${to(f)} yet: our last calls to this tenant failed, so that it is left alone for a while.`,
    hint: () =>
      'It is tried again by itself. If it goes on, look at the calls of the attempts before and at the tenant at Qlik.',
  },
  REGION_CIRCUIT_OPEN: {
    failure: 'held-back',
    message: (f) =>
      `Did not ${to(f)} yet: our last calls to several tenants of its region failed, so that the region is left alone for a while.`,
    hint: () =>
      "It is tried again by itself. If it goes on, look at Qlik's status page and at this machine's way to the Internet.",
  },
  QLIK_UNAVAILABLE: {
    failure: 'unavailable',
    message: (f) => `Qlik failed to ${to(f)}${answer(f)}.${unknown(f)}`,
    hint: () => "If it goes on, look at Qlik's status page and quote the trace id to Qlik.",
  },
  QLIK_UNREACHABLE: {
    failure: 'unavailable',
    message: (f) => `The connection failed while we tried to ${to(f)}${network(f)}.${unknown(f)}`,
    hint: () =>
      "If it goes on, check this machine's way to the Internet, its DNS and its trusted certificates, then retry the run.",
  },
  QLIK_TIMEOUT: {
    failure: 'unavailable',
    message: (f) => `Qlik took too long to ${to(f)}.${unknown(f)}`,
    hint: () => "If it goes on, look at Qlik's status page or raise QLIK_TIMEOUT_SECONDS.",
  },
  QLIK_UNREADABLE: {
    failure: 'unreadable',
    message: (f) =>
      isRedirect(f)
        ? `The tenant answered with a redirect when we tried to ${to(f)}${answer(f)}, and redirects are never followed.${unknown(f)}`
        : `Qlik's answer could not be read${part(f)} when we tried to ${to(f)}${answer(f)}${network(f)}.${unknown(f)}`,
    hint: (f) =>
      isRedirect(f)
        ? "Check that the host is the tenant's own and not an alias, then retry the run."
        : "Look whether a proxy answers in Qlik's place, or whether Qlik's API has changed; then retry the run.",
  },
  HOST_NOT_ALLOWED: {
    failure: 'address-refused',
    message: (f) => `Did not ${to(f)}: the host is not an allowed tenant host.`,
    hint: () => "Correct the tenant's host, or add it to QLIK_TENANT_HOSTS, then retry the run.",
  },
  ADDRESS_NOT_ALLOWED: {
    failure: 'address-refused',
    message: (f) => `Did not ${to(f)}: the host leads to an address that is not public.`,
    hint: () => "Check the tenant's host and this machine's DNS, then retry the run.",
  },
  CALL_ABORTED: {
    failure: 'aborted',
    message: (f) => `Stopped before we could ${to(f)}, because the caller gave up.${unknown(f)}`,
    hint: () => 'Nothing needs doing.',
  },
};
