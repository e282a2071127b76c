import { readFileSync } from 'node:fs';
import { createClient, ProblemError, type ProvisionerClient, unwrap } from 'tenant-provisioner-client';
import { type Messages, Onboarding } from './onboarding.js';
import type { Settings } from './settings.js';
import { type SignUp, SignUps } from './sign-ups.js';

/** The page, which is the same for everybody: what differs it asks for. */
export const page = readFileSync(new URL('../../core/page.html', import.meta.url), 'utf8');

/** What a page needs to act as its user in the tenant for a while. */
export interface PageToken {
  accessToken: string;
  expiresInSeconds: number;
}

/** What a signup backend does, whatever its framework. */
export class Backend {
  readonly signUps: SignUps;
  readonly onboarding: Onboarding;
  readonly #client: ProvisionerClient;

  constructor(
    readonly settings: Settings,
    private readonly messages: Messages,
  ) {
    this.#client = createClient({ baseUrl: settings.provisionerUrl, apiKey: settings.apiKey });
    this.signUps = new SignUps(settings.signUpsFile, settings.tenants);
    this.onboarding = new Onboarding(this.#client, this.signUps, messages, settings);
  }

  /** Whose session the cookies name; undefined if nobody's. */
  signedIn(cookies: string | undefined): SignUp | undefined {
    const session = /(?:^|; )session=([\w-]{43})(?:;|$)/.exec(cookies ?? '')?.[1];
    return session === undefined ? undefined : this.signUps.find((signUp) => signUp.session === session);
  }

  /** The header that signs the user in: no script reads the cookie, and no other site's page sends it. */
  cookieFor({ session }: SignUp): string {
    return `session=${session}; Path=/; HttpOnly; SameSite=Strict${this.settings.origin.startsWith('https:') ? '; Secure' : ''}`;
  }

  /** What the user is told. Codes and customers are not for them; the reference is what support asks for. */
  describe({ id, state, tenantHost, clientId }: SignUp): object {
    return state === 'ready' ? { state, tenantHost, clientId } : { state, reference: id };
  }

  /** A token for the user's own tenant, in the user's own name; undefined while there is none, with support told why. */
  async tokenFor({ customerId, qlikUserId }: SignUp): Promise<PageToken | undefined> {
    try {
      const { accessToken, expiresInSeconds } = await unwrap(
        this.#client.POST('/v1/customers/{id}/tokens', {
          params: { path: { id: customerId! } },
          body: { user: { field: 'userId', value: qlikUserId }, scope: 'user_default' },
        }),
      );
      return { accessToken, expiresInSeconds };
    } catch (thrown) {
      if (!(thrown instanceof ProblemError)) throw thrown;
      // USER_NOT_FOUND: nobody made the user at Qlik. Others pass, or are in the API's list of problems.
      this.messages.toSupport(`no token for customer ${customerId}: ${thrown.code} (request ${thrown.requestId})`);
      return undefined;
    }
  }
}

/** What a user typed, or undefined if it is not acceptable. */
export function readForm(body: unknown): { email: string; company: string } | undefined {
  const { email, company } = (body ?? {}) as Record<string, unknown>;
  const isText = (value: unknown): value is string => typeof value === 'string' && /^[^\p{Cc}]{1,200}$/u.test(value);
  return isText(email) && isText(company) && email.includes('@') ? { email, company } : undefined;
}

/** Stands in for mail and tickets: lines on stdout. */
export const messages: Messages = {
  toCustomer: (text) => console.log(`mail to ${text}`),
  toSupport: (text) => console.log(`support: ${text}`),
};
