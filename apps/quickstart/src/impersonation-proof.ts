import { request } from 'undici';
import { z } from 'zod';

const Token = z.object({ access_token: z.string(), expires_in: z.number() });
const Tenant = z.object({ tenant: z.object({ users: z.array(z.object({ subject: z.string() })) }) });

export interface StoredCredentials {
  tenantHost: string;
  clientId: string;
  clientSecret: string;
}

/** Gets an impersonation token of the tenant's demo user with a stored credential, as the OEM's web app would, and returns its claims. */
export async function proveImpersonation(sandboxUrl: string, credentials: StoredCredentials): Promise<object> {
  const { tenantHost, clientId, clientSecret } = credentials;
  const state = await request(new URL(`/_sandbox/state?tenantHost=${tenantHost}`, sandboxUrl));
  const [user] = Tenant.parse(await state.body.json()).tenant.users;
  if (user === undefined) throw new Error(`The tenant "${tenantHost}" has no user to impersonate.`);
  const { statusCode, body } = await request(new URL('/oauth/token', sandboxUrl), {
    method: 'POST',
    headers: { host: tenantHost, 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'urn:qlik:oauth:user-impersonation',
      scope: 'user_default',
      user_lookup: { field: 'subject', value: user.subject },
    }),
  });
  const answer: unknown = await body.json();
  if (statusCode !== 200) throw new Error(`The token endpoint of "${tenantHost}" answered ${statusCode}.`);
  const [, claims = ''] = Token.parse(answer).access_token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as object;
}
