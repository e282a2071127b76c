import type { CallContext, OAuthClient, OAuthClientsApi } from '@app/qlik';

/** All clients that bear one of exactly these names. */
export async function listNamed(
  oauthClients: OAuthClientsApi,
  host: string,
  names: readonly string[],
  calls: CallContext,
): Promise<OAuthClient[]> {
  const named: OAuthClient[] = [];
  for (const clientName of names) named.push(...(await oauthClients.list(host, { clientName }, calls)));
  return named;
}
