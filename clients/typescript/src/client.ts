import createFetchClient, { type Client } from 'openapi-fetch';
import { keyedOperations } from './generated/keyed-operations.js';
import type { paths } from './generated/openapi.js';
import { type RetryOptions, retrying } from './retrying.js';

/** Calls the API: one method for each of HTTP's, typed by path (openapi-fetch). */
export type ProvisionerClient = Client<paths>;

/** How the client shows who it is: an API key, or an OAuth2 access token, fixed or asked for before each call. */
export type ClientCredential =
  { apiKey: string; token?: never } | { token: string | (() => string | Promise<string>); apiKey?: never };

/** What a client is made of. */
export type ClientOptions = ClientCredential & {
  /** Where the API is, such as `https://onboarding.example`. */
  baseUrl: string | URL;
  /** Sends one request; the platform's `fetch` unless given. */
  fetch?: (request: Request) => Promise<Response>;
  /** How calls that may be repeated are; `false`: never. One call is told otherwise by a `retry` of its own. */
  retry?: RetryOptions | false;
  /** How long one try may take until its answer is read, or for a stream until it begins; 30 s unless given. */
  timeoutMs?: number;
};

/**
 * A client of the API at `baseUrl`. Sends the credential; gives each call that takes an Idempotency-Key a new one unless you gave yours;
 * repeats what may be repeated. Throws TypeError for a credential that no header can carry.
 */
export function createClient(options: ClientOptions): ProvisionerClient {
  const { baseUrl, apiKey, token = apiKey, retry = {}, timeoutMs = 30_000 } = options;
  const send = options.fetch ?? ((request: Request) => globalThis.fetch(request));
  if (typeof token !== 'function') assertSendable(token);
  const client = createFetchClient<paths>({
    baseUrl: String(baseUrl),
    fetch: retrying(send, retry, timeoutMs),
    // The API redirects nobody, and whoever else does shall not get the credential.
    redirect: 'manual',
  });
  client.use({
    async onRequest({ request, schemaPath }) {
      const bearer = typeof token === 'function' ? await token() : token;
      assertSendable(bearer);
      request.headers.set('authorization', `Bearer ${bearer}`);
      if (keyedOperations.has(`${request.method} ${schemaPath}`) && !request.headers.has('idempotency-key'))
        request.headers.set('idempotency-key', crypto.randomUUID());
    },
  });
  return client;
}

/** Refuses what `Headers` would refuse with the credential in its message. */
function assertSendable(token: string | undefined): asserts token is string {
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return;
  throw new TypeError(
    token
      ? 'The apiKey or token has a space, a line break or another character that no header can carry.'
      : 'The client has no apiKey and no token: give one of them.',
  );
}
