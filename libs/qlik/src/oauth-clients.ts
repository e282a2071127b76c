import { z } from 'zod';
import type { Secret } from '@app/platform';
import type { CallContext } from './call.js';
import {
  hintsOf,
  type NewOAuthClient,
  type OAuthClient,
  type OAuthClientChanges,
  oauthClientSchema,
  toJsonPatch,
} from './oauth-client.schema.js';
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

const nextSchema = z.object({ next: z.object({ href: z.string() }).optional() }).optional();

const namedClientSchema = oauthClientSchema.pick({ clientId: true, clientName: true, createdAt: true });

/** A client as far as a list by prefix tells it: of clients that are not ours, no more needs to be readable. */
export type NamedClient = z.output<typeof namedClientSchema>;

const createdSchema = oauthClientSchema.extend({ clientSecret: secretSchema });

/** Usually nothing. A secret, which Qlik mints only for new authentication methods, was not asked for: such an answer is refused, and the secret with it. */
const patchedSchema = z.object({ clientSecret: z.undefined().optional() }).optional();

/** A tenant's OAuth clients. */
export class OAuthClientsApi {
  constructor(private readonly calls: ParentCalls) {}

  /** All clients of exactly this name, from all pages. */
  async list(host: string, { clientName }: { clientName: string }, context: CallContext = {}): Promise<OAuthClient[]> {
    const clients = await this.#readPages(
      host,
      `clientName eq ${JSON.stringify(clientName)}`,
      oauthClientSchema,
      context,
    );
    // Whether every tenant heeds the filter is not documented.
    return clients.filter((client) => client.clientName === clientName);
  }

  /**
   * All clients whose names begin with `prefix`. A tenant that refuses the filter is asked for all its clients: whether every tenant
   * knows RFC 7644's `sw` is not documented.
   */
  async listByPrefix(host: string, prefix: string, context: CallContext = {}): Promise<NamedClient[]> {
    const filter = `clientName sw ${JSON.stringify(prefix)}`;
    const clients = await this.#readPages(host, filter, namedClientSchema, context).catch((error: unknown) => {
      if (!(error instanceof QlikError && error.qlik?.status === 400)) throw error;
      return this.#readPages(host, undefined, namedClientSchema, context);
    });
    return clients.filter(({ clientName }) => clientName.startsWith(prefix));
  }

  /** Whether the tenant has any client: a page of one. Of the client itself nothing needs to be readable. */
  async hasAny(host: string, context: CallContext = {}): Promise<boolean> {
    const operation = 'list-oauth-clients';
    const answer = z.object({ data: z.array(z.unknown()) });
    const { data } = await this.calls.call(
      { operation, host, method: 'GET', path: `${PATH}?limit=1`, answer },
      context,
    );
    return data.length > 0;
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

  /** Changes the client's settings. Idempotent. Throws CLIENT_NOT_FOUND. */
  async patch(host: string, clientId: string, changes: OAuthClientChanges, context: CallContext = {}): Promise<void> {
    const operation = 'patch-oauth-client';
    const path = `${PATH}/${pathSegment(clientId, operation, host)}`;
    const json = toJsonPatch(changes);
    await this.calls.call(
      { operation, host, method: 'PATCH', path, json, answer: patchedSchema, refusal: clientRefusal },
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

  async #readPages<Client extends z.ZodType>(
    host: string,
    filter: string | undefined,
    client: Client,
    context: CallContext,
  ): Promise<z.output<Client>[]> {
    const operation = 'list-oauth-clients';
    const answer = z.object({ data: z.array(client), links: nextSchema });
    const query = new URLSearchParams({ ...(filter === undefined ? {} : { filter }), limit: `${PAGE_SIZE}` });
    const clients: z.output<Client>[] = [];
    let path: string | undefined = `${PATH}?${query.toString()}`;
    for (let pages = 0; path !== undefined; pages++) {
      if (pages === MAX_PAGES) throw unreadableLink(host);
      const page: z.output<typeof answer> = await this.calls.call(
        { operation, host, method: 'GET', path, answer },
        context,
      );
      clients.push(...page.data);
      const next: string | undefined = page.links?.next?.href;
      path = next === undefined || next === '' ? undefined : nextPath(host, next);
    }
    return clients;
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
