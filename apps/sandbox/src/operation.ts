import type { IncomingHttpHeaders } from 'node:http';
import type { Tenant } from './tenants/tenant.js';

/** Every operation that counts requests and takes faults, by the name that the control API uses. */
export const operationNames = [
  'list',
  'create',
  'get',
  'patch',
  'delete',
  'publish',
  'secret-create',
  'secret-delete',
  'config-get',
  'config-patch',
  'config-delete',
  'token',
] as const;

/** One of {@link operationNames}. */
export type OperationName = (typeof operationNames)[number];

/** The two APIs that serve OAuth clients: a tenant's own, and the organisation's at console.qlikcloud.com. */
export type Surface = 'tenant' | 'organisation';

/** One request after routing: whose tenant, who calls and what was sent, still to be validated. */
export interface Call {
  tenant: Tenant;
  surface: Surface;
  /** The id of the bot user behind the token; empty at the token endpoint, which needs none. */
  callerId: string;
  params: Record<string, string>;
  query: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  body: unknown;
  /** A fault asks that a new secret gets a hint which the client already has. */
  sameHint: boolean;
}

/** What an operation answers; no `body` means an empty one. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** One operation: it validates, commits and answers in one turn of the event loop, or throws a QlikError and changes nothing. */
export type Operation = (call: Call) => Answer;
