import { z } from 'zod';

/** An OAuth client as Qlik shows it, in the fields we use; other fields are ignored (qlik.dev, OAuth clients API). */
export const oauthClientSchema = z.object({
  clientId: z.string().min(1),
  clientName: z.string(),
  appType: z.string(),
  allowedGrantTypes: z.array(z.string()).default([]),
  allowedScopes: z.array(z.string()).default([]),
  allowedAuthMethods: z.array(z.string()).optional(),
  redirectUris: z.array(z.string()).optional(),
  allowedOrigins: z.array(z.string()).optional(),
  description: z.string().optional(),
  /** Set while the client is disabled. */
  disableTag: z.string().optional(),
  createdAt: z.string(),
  connectionConfig: z.object({ consentMethod: z.string().optional() }).optional(),
  clientSecrets: z
    .array(z.object({ hint: z.string(), createdAt: z.string().optional(), createdBy: z.string().optional() }))
    .optional(),
  clientSecretHint: z.string().optional(),
});
export type OAuthClient = z.output<typeof oauthClientSchema>;

/** The grants of an impersonation client: tokens for itself, and for users of the tenant. */
export const IMPERSONATION_GRANTS = ['client_credentials', 'urn:qlik:oauth:user-impersonation'] as const;

/** What a new client is to be. */
export interface NewOAuthClient {
  appType: 'web';
  clientName: string;
  description?: string;
  redirectUris?: string[];
  allowedOrigins?: string[];
  allowedScopes: string[];
  allowedGrantTypes: string[];
  connectionConfig?: { consentMethod: 'trusted' };
}

/** The settings of a client that we change: no secret can come of one of them, as it can of new authentication methods. */
const CHANGEABLE = ['clientName', 'redirectUris', 'allowedOrigins', 'allowedScopes', 'allowedGrantTypes'] as const;

/** What is to be different about a client; what is left out stays as it is. */
export type OAuthClientChanges = Partial<Pick<NewOAuthClient, (typeof CHANGEABLE)[number]>>;

/** The changes as JSON Patch (RFC 6902). */
export function toJsonPatch(changes: OAuthClientChanges): { op: 'replace'; path: string; value: unknown }[] {
  return CHANGEABLE.filter((setting) => changes[setting] !== undefined).map((setting) => ({
    op: 'replace',
    path: `/${setting}`,
    value: changes[setting],
  }));
}

/** The hints of a client's secrets in either of the forms that Qlik documents (`clientSecrets[].hint`, `clientSecretHint`); undefined if the answer holds neither, so that it must be read again. */
export function hintsOf(client: Pick<OAuthClient, 'clientSecrets' | 'clientSecretHint'>): string[] | undefined {
  if (client.clientSecrets !== undefined) return client.clientSecrets.map((secret) => secret.hint);
  return client.clientSecretHint === undefined ? undefined : [client.clientSecretHint];
}
