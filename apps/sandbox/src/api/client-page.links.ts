import type { Call } from '../operation.js';
import { originOf } from '../tenants/tenant-host.js';
import type { ClientPage } from './client-page.js';

const carriedOn = ['filter', 'limit', 'sort', 'totalResults'];

/** The links of a page: `self`, and `next` and `prev` where there is more, each an absolute URL that keeps the query. */
export function linksOf(page: ClientPage, call: Call) {
  return {
    self: { href: hrefOf(call, [...carriedOn, 'next', 'prev'], {}) },
    ...(page.next === undefined ? {} : { next: { href: hrefOf(call, carriedOn, { next: page.next }) } }),
    ...(page.prev === undefined ? {} : { prev: { href: hrefOf(call, carriedOn, { prev: page.prev }) } }),
  };
}

function hrefOf(call: Call, kept: string[], cursor: Record<string, string>): string {
  const path = call.surface === 'tenant' ? '/api/v1/oauth-clients' : '/api/core/oauth-clients';
  const search = new URLSearchParams();
  for (const name of kept) {
    const value = call.query[name];
    if (typeof value === 'string') search.set(name, value);
  }
  for (const [name, value] of Object.entries(cursor)) search.set(name, value);
  const query = search.toString();
  return `${originOf(call.headers)}${path}${query === '' ? '' : `?${query}`}`;
}
