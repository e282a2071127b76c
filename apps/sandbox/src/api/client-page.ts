import { z } from 'zod';
import { badRequest } from '../qlik-error.js';
import type { OAuthClient } from './oauth-client.js';

/** What a list can be sorted by, besides `tenantId`, which is the same for all clients of a tenant. */
export type SortField = 'clientId' | 'clientName' | 'appType' | 'tenantId' | 'createdAt' | 'updatedAt';

/** The order of a list; equal values follow the client id. */
export interface Sort {
  field: SortField;
  descending: boolean;
}

/** One page of a list; a cursor is absent where there is nothing further that way. */
export interface ClientPage {
  clients: OAuthClient[];
  next?: string;
  prev?: string;
}

const cursorSchema = z.strictObject({ sort: z.string(), value: z.string(), clientId: z.string() });
type Position = Pick<z.infer<typeof cursorSchema>, 'value' | 'clientId'>;

/** The page after the cursor `next`, before `prev`, or the first; a client that comes or goes meanwhile shifts nothing. 400 for a cursor that is not ours. */
export function pageOf(
  clients: OAuthClient[],
  sort: Sort,
  limit: number,
  cursor: { next?: string | undefined; prev?: string | undefined },
): ClientPage {
  const compare = (a: Position, b: Position) => {
    const order = compareText(a.value, b.value) || compareText(a.clientId, b.clientId);
    return sort.descending ? -order : order;
  };
  const entries = clients
    .map((client) => ({ client, value: valueOf(client, sort.field), clientId: client.clientId }))
    .sort(compare);
  let start = 0;
  if (cursor.next !== undefined) {
    const last = readCursor(cursor.next, sort);
    start = entries.findIndex((entry) => compare(entry, last) > 0);
    if (start === -1) start = entries.length;
  } else if (cursor.prev !== undefined) {
    const first = readCursor(cursor.prev, sort);
    const end = entries.findIndex((entry) => compare(entry, first) >= 0);
    start = Math.max(0, (end === -1 ? entries.length : end) - limit);
  }
  const page = entries.slice(start, start + limit);
  const [first, last] = [page[0], page.at(-1)];
  return {
    clients: page.map((entry) => entry.client),
    ...(last !== undefined && start + limit < entries.length ? { next: writeCursor(last, sort) } : {}),
    ...(first !== undefined && start > 0 ? { prev: writeCursor(first, sort) } : {}),
  };
}

function valueOf(client: OAuthClient, field: SortField): string {
  return field === 'tenantId' ? '' : (client[field] ?? '');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function writeCursor({ value, clientId }: Position, sort: Sort): string {
  return Buffer.from(JSON.stringify({ sort: sortKey(sort), value, clientId })).toString('base64url');
}

function readCursor(text: string, sort: Sort): Position {
  try {
    const cursor = cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    if (cursor.sort === sortKey(sort)) return cursor;
  } catch {
    throw badRequest('The page cursor cannot be read');
  }
  throw badRequest('The page cursor belongs to another sort');
}

function sortKey(sort: Sort): string {
  return `${sort.descending ? '-' : '+'}${sort.field}`;
}
