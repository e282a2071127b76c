import { z } from 'zod';

/** An OAuth client as Qlik shows it, in the fields we use; other fields are ignored (qlik.dev, OAuth clients API). */
export const oauthClientSchema = z.object({
  clientId: z.string().min(1),
  clientName: z.string(),
  appType: z.string(),
  allowedGrantTypes: z.array(z.string()).default([]),
  allowedScopes: z.array(z.string()).default([]),
  redirectUris: z.array(z.string()).default([]),
  allowedOrigins: z.array(z.string()).default([]),
  description: z.string().optional(),
  disableTag: z.string().optional(),
  createdAt: z.string(),
  connectionConfig: z.object({ consentMethod: z.string().optional() }).optional(),
  clientSecrets: z
    .array(z.object({ hint: z.string(), createdAt: z.string().optional(), createdBy: z.string().optional() }))
    .optional(),
  clientSecretHint: z.string().optional(),
});
export type OAuthClient = z.output<typeof oauthClientSchema>;

/** What a new client is to be. */
export interface NewOAuthClient {
  appType: 'web';
  clientName: string;
  description?: string;
  redirectUris?: string[];
  allowedOrigins?: string[];
  allowedScopes: string[];
  allowedGrantTypes: ('client_credentials' | 'urn:qlik:oauth:user-impersonation')[];
  connectionConfig?: { consentMethod: 'trusted' };
}

/** The hints of a client's secrets in either of the forms that Qlik documents (`clientSecrets[].hint`, `clientSecretHint`); undefined if the answer holds neither, so that it must be read again. */
export function hintsOf(client: Pick<OAuthClient, 'clientSecrets' | 'clientSecretHint'>): string[] | undefined {
  if (client.clientSecrets !== undefined) return client.clientSecrets.map((secret) => secret.hint);
  return client.clientSecretHint === undefined ? undefined : [client.clientSecretHint];
}
