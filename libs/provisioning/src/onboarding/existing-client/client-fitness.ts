import type { FoundOnClient } from '@app/customers';
import { IMPERSONATION_GRANTS, type OAuthClient, type OAuthClientChanges } from '@app/qlik';
import type { RunError } from '@app/runs';
import type { WantedSettings } from '../../client-settings.js';

/** Whether a client can impersonate: never; or with these changes, which take nothing away, beside what it has that nobody asked for. */
export type Fitness =
  | { kind: 'unusable'; error: RunError }
  | { kind: 'usable'; changes: OAuthClientChanges; found: Omit<FoundOnClient, 'hints'> };

/** Judges a client that the OEM had made. Pure. */
export function judgeClient(client: OAuthClient, wanted: WantedSettings): Fitness {
  const faults = findFaults(client);
  if (faults.length > 0) return { kind: 'unusable', error: clientUnusable(client.clientId, faults) };
  const lists = {
    allowedGrantTypes: compare(IMPERSONATION_GRANTS, client.allowedGrantTypes),
    allowedScopes: compare(wanted.scopes, client.allowedScopes),
    redirectUris: compare(wanted.redirectUris, client.redirectUris),
    allowedOrigins: compare(wanted.allowedOrigins, client.allowedOrigins),
  };
  const lacking = Object.entries(lists).filter(([, { missing }]) => missing.length > 0);
  return {
    kind: 'usable',
    changes: Object.fromEntries(lacking.map(([setting, { seen, missing }]) => [setting, [...seen, ...missing]])),
    found: {
      grants: lists.allowedGrantTypes.extra,
      scopes: lists.allowedScopes.extra,
      redirectUris: lists.redirectUris.extra,
      allowedOrigins: lists.allowedOrigins.extra,
    },
  };
}

function compare(wanted: readonly string[], seen: readonly string[] = []) {
  return {
    seen: [...seen],
    missing: wanted.filter((entry) => !seen.includes(entry)),
    extra: seen.filter((entry) => !wanted.includes(entry)),
  };
}

/** What no change of ours mends. */
function findFaults({ appType, disableTag = '', allowedAuthMethods }: OAuthClient): string[] {
  return [
    ...(appType === 'web' ? [] : [`its appType is "${appType}" and must be "web"`]),
    ...(disableTag === '' ? [] : ['it is disabled (disableTag)']),
    ...(allowedAuthMethods?.includes('client_secret') === false
      ? ['its allowedAuthMethods do not have "client_secret"']
      : []),
  ];
}

const clientUnusable = (clientId: string, faults: readonly string[]): RunError => ({
  code: 'EXISTING_CLIENT_UNUSABLE',
  message: `The OAuth client "${clientId}" cannot be used to impersonate users: ${faults.join('; ')}.`,
  hint: 'Mend that at Qlik where it can be mended, then retry the run. Else cancel it, remove the customer, and sign it up with another client or with none.',
});
