import type { ClientField } from '@app/customers';
import { IMPERSONATION_GRANTS, type NamedClient, type OAuthClient } from '@app/qlik';
import { isClientName } from '../onboarding/client-name.js';
import type { WantedSettings } from '../client-settings.js';
import type { CustomerTarget } from '../customer-targets.js';
import { type Finding, type FindingKind, REPAIRS } from './finding-kinds.js';
import type { RecordedClient, RecordedSecret } from './recorded-client.reader.js';

/** Further clients that one finding names. */
const MAX_CLIENT_IDS = 20;

/** What is asked of a customer's client. */
export type WantedClient = Pick<CustomerTarget, 'customerId'> & WantedSettings;

/** What Qlik shows. */
export interface SeenClient {
  /** Undefined if it is gone. */
  client: OAuthClient | undefined;
  /** Undefined if the tenant has none for the client. */
  consentMethod: string | undefined;
  /** All clients of the tenant that bear our marker. */
  marked: readonly NamedClient[];
}

/**
 * Compares a customer's client at Qlik with what is recorded and wanted. Lists are compared as sets. What Qlik does not show is no finding;
 * grants and scopes it shows, or the client would not have been onboarded, so that none shown means that there are none. Of a list in `changed`,
 * which Qlik was not told of yet, none shown means the same: Qlik leaves an empty one out. Pure.
 */
export function compareClient(
  wanted: WantedClient,
  recorded: RecordedClient,
  seen: SeenClient,
  changed: readonly ClientField[] = [],
): Finding[] {
  const duplicated = findDuplicates(wanted, recorded, seen.marked);
  const { client } = seen;
  if (client === undefined) return [finding('CLIENT_MISSING'), ...duplicated];
  const { disableTag = '' } = client;
  const { found } = recorded;
  const shown = (field: 'redirectUris' | 'allowedOrigins') =>
    client[field] ?? (changed.includes(field) ? [] : undefined);
  return [
    ...(disableTag === '' ? [] : [finding('CLIENT_DISABLED')]),
    ...(client.clientName === recorded.clientName ? [] : [finding('CLIENT_RENAMED')]),
    ...(seen.consentMethod === 'trusted' ? [] : [finding('CONSENT_CHANGED')]),
    ...compareLists('GRANTS_CHANGED', IMPERSONATION_GRANTS, client.allowedGrantTypes, found?.grants),
    ...compareLists('SCOPES_CHANGED', wanted.scopes, client.allowedScopes, found?.scopes),
    ...compareLists('REDIRECT_URIS_CHANGED', wanted.redirectUris, shown('redirectUris'), found?.redirectUris),
    ...(recorded.originsRefused
      ? []
      : compareLists('ORIGINS_CHANGED', wanted.allowedOrigins, shown('allowedOrigins'), found?.allowedOrigins)),
    ...compareSecrets(
      recorded.secrets,
      client.clientSecrets?.map(({ hint }) => hint),
      found?.hints,
    ),
    ...duplicated,
  ];
}

/** `letBe`: what nobody wants and nobody minds. */
function compareLists(
  kind: FindingKind,
  wanted: readonly string[],
  seen: readonly string[] | undefined,
  letBe: readonly string[] = [],
): Finding[] {
  if (seen === undefined) return [];
  const missing = wanted.filter((entry) => !seen.includes(entry)).length;
  const extra = seen.filter((entry) => !wanted.includes(entry) && !letBe.includes(entry)).length;
  return missing + extra === 0 ? [] : [finding(kind, { missing, extra })];
}

/**
 * A recorded hint explains one secret at Qlik, also where two versions hold the same secret; a version without a hint explains any one of the rest,
 * of those that are let be first.
 */
function compareSecrets(
  recorded: readonly RecordedSecret[],
  shown: readonly string[] | undefined,
  letBe: readonly string[] = [],
): Finding[] {
  if (shown === undefined) return [];
  const ours = recorded.flatMap(({ hint }) => hint ?? []);
  const unexplained = shown.length - new Set(shown.filter((hint) => ours.includes(hint))).size;
  const minded = unexplained - shown.filter((hint) => letBe.includes(hint) && !ours.includes(hint)).length;
  const hintless = recorded.filter(({ hint }) => hint === null);
  const missing = [
    ...recorded.filter(({ hint, mustShow }) => hint !== null && mustShow && !shown.includes(hint)),
    ...hintless.filter(({ mustShow }) => mustShow).slice(unexplained),
  ];
  const count = minded - Math.max(0, hintless.length - (unexplained - minded));
  return [
    ...missing.map(({ id, isCurrent }) => finding('SECRET_MISSING', { secretVersionId: id, isCurrent })),
    ...(count > 0 ? [finding('SECRET_UNRECOGNISED', { count })] : []),
  ];
}

function findDuplicates({ customerId }: WantedClient, { clientId }: RecordedClient, marked: readonly NamedClient[]) {
  const ours = marked.filter((client) => client.clientId !== clientId && isClientName(customerId, client.clientName));
  const clientIds = [...new Set(ours.map((client) => client.clientId))].slice(0, MAX_CLIENT_IDS);
  return clientIds.length === 0 ? [] : [finding('CLIENT_DUPLICATED', { clientIds })];
}

function finding(kind: FindingKind, facts: Omit<Finding, 'kind' | 'repair'> = {}): Finding {
  return { kind, repair: REPAIRS[kind], ...facts };
}
