import { z } from 'zod';
import type { Secret } from '@app/platform';
import type { CallContext } from './call.js';
import { hintsOf, type NewOAuthClient, type OAuthClient, oauthClientSchema } from './oauth-client.schema.js';
import type { ParentCalls } from './parent-calls.js';
import { pathSegment } from './path-segment.js';
import { QlikError } from './qlik-error.js';
import { secretSchema } from './secret.schema.js';

/** A client just made, with the one sight of its secret. */
export interface CreatedOAuthClient {
  client: OAuthClient;
  secret: Secret;
  /** Absent if Qlik's answer holds no hint: read the client again. */
  hint?: string;
}

const PATH = '/api/v1/oauth-clients';
const PAGE_SIZE = 100;
const MAX_PAGES = 100;

const pageSchema = z.object({
  data: z.array(oauthClientSchema),
  links: z.object({ next: z.object({ href: z.string() }).optional() }).optional(),
});

const createdSchema = oauthClientSchema.extend({ clientSecret: secretSchema });

/** A tenant's OAuth clients. */
export class OAuthClientsApi {
  constructor(private readonly calls: ParentCalls) {}

  /** All clients of exactly this name, from all pages. */
  async list(host: string, { clientName }: { clientName: string }, context: CallContext = {}): Promise<OAuthClient[]> {
    const operation = 'list-oauth-clients';
    const query = new URLSearchParams({ filter: `clientName eq ${JSON.stringify(clientName)}`, limit: `${PAGE_SIZE}` });
    const clients: OAuthClient[] = [];
    let path: string | undefined = `${PATH}?${query.toString()}`;
    for (let pages = 0; path !== undefined; pages++) {
      if (pages === MAX_PAGES) throw unreadableLink(host);
      const page: z.output<typeof pageSchema> = await this.calls.call(
        { operation, host, method: 'GET', path, answer: pageSchema },
        context,
      );
      clients.push(...page.data);
      const next = page.links?.next?.href;
      path = next === undefined || next === '' ? undefined : nextPath(host, next);
    }
    // Whether every tenant heeds the filter is not documented.
    return clients.filter((client) => client.clientName === clientName);
  }

  /** Makes a client. Not idempotent: a QlikError with `outcomeUnknown` may have made one. */
  async create(host: string, client: NewOAuthClient, context: CallContext = {}): Promise<CreatedOAuthClient> {
    const { clientSecret: secret, ...created } = await this.calls.call(
      { operation: 'create-oauth-client', host, method: 'POST', path: PATH, json: client, answer: createdSchema },
      context,
    );
    const hints = hintsOf(created);
    const hint = hints?.length === 1 ? hints[0] : undefined;
    return { client: created, secret, ...(hint === undefined ? {} : { hint }) };
  }

  /** The client. Throws CLIENT_NOT_FOUND. */
  async get(host: string, clientId: string, context: CallContext = {}): Promise<OAuthClient> {
    const operation = 'get-oauth-client';
    const path = `${PATH}/${pathSegment(clientId, operation, host)}`;
    return this.calls.call(
      { operation, host, method: 'GET', path, answer: oauthClientSchema, refusal: clientRefusal },
      context,
    );
  }

  /** Deletes the client, if it is there. */
  async delete(host: string, clientId: string, context: CallContext = {}): Promise<'deleted' | 'absent'> {
    const operation = 'delete-oauth-client';
    const path = `${PATH}/${pathSegment(clientId, operation, host)}`;
    const headers = { 'qlik-confirm-delete': clientId };
    try {
      await this.calls.call(
        { operation, host, method: 'DELETE', path, headers, answer: z.unknown(), refusal: clientRefusal },
        context,
      );
      return 'deleted';
    } catch (error) {
      if (error instanceof QlikError && error.code === 'CLIENT_NOT_FOUND') return 'absent';
      throw error;
    }
  }
}

/** What 404 means on a path that names a client. */
export function clientRefusal({ status }: { status: number }): 'CLIENT_NOT_FOUND' | undefined {
  return status === 404 ? 'CLIENT_NOT_FOUND' : undefined;
}

/** The path of a link to the next page; only its path and query are ever used, and only if it names this host and this list. */
function nextPath(host: string, href: string): string {
  const here = `https://${host}`;
  if (!URL.canParse(href, here)) throw unreadableLink(host);
  const url = new URL(href, here);
  if (url.host !== host || url.pathname !== PATH) throw unreadableLink(host);
  return `${url.pathname}${url.search}`;
}

function unreadableLink(host: string): QlikError {
  return new QlikError('QLIK_UNREADABLE', {
    operation: 'list-oauth-clients',
    host,
    qlik: { status: 200 },
    unreadablePart: 'links.next.href',
  });
}
