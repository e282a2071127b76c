import { type CallContext, hintsOf, type OAuthClient, type OAuthClientsApi } from '@app/qlik';
import { z } from 'zod';

/** A secret as Qlik lists it: by its hint, and by the user who made it where Qlik says so. */
export const SecretAtQlik = z.object({ hint: z.string(), createdBy: z.string().optional() });
export type SecretAtQlik = z.output<typeof SecretAtQlik>;

/** Whether `secret` alone bears its hint, so that a deletion by hint can mean no other. */
export function isOnlyOfItsHint(secret: SecretAtQlik, secrets: readonly SecretAtQlik[]): boolean {
  return secrets.filter(({ hint }) => hint === secret.hint).length === 1;
}

/** The secrets of the client with this id, read now. A tenant that lists none shows none. */
export async function readSecrets(
  oauthClients: OAuthClientsApi,
  host: string,
  clientId: string,
  calls: CallContext,
): Promise<SecretAtQlik[]> {
  return listedBy(await oauthClients.get(host, clientId, calls));
}

/** The secrets of `client`: as its own answer lists them, else read again. */
export async function secretsOf(
  oauthClients: OAuthClientsApi,
  host: string,
  client: OAuthClient,
  calls: CallContext,
): Promise<SecretAtQlik[]> {
  return hintsOf(client) === undefined ? readSecrets(oauthClients, host, client.clientId, calls) : listedBy(client);
}

const listedBy = (client: OAuthClient): SecretAtQlik[] =>
  client.clientSecrets ?? (hintsOf(client) ?? []).map((hint) => ({ hint }));
