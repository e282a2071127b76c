/** The views whose address is their name. */
const PLACES = ['login', 'runs', 'customers', 'pauses'] as const;

/** Which view an address names. */
export type Route =
  | { view: (typeof PLACES)[number] | 'overview' | 'unknown'; query: URLSearchParams }
  | { view: 'run' | 'customer'; id: string; query: URLSearchParams };

/** The view of an address; `unknown` for one that has none. */
export function routeOf(address: string): Route {
  const { pathname, searchParams: query } = new URL(address, 'http://page');
  const [first = '', id, ...rest] = pathname.split('/').filter((part) => part !== '');
  if (rest.length > 0) return { view: 'unknown', query };
  if (id === undefined) {
    if (first === '') return { view: 'overview', query };
    const place = PLACES.find((name) => name === first);
    if (place !== undefined) return { view: place, query };
  } else if (first === 'runs' || first === 'customers') {
    return { view: first === 'runs' ? 'run' : 'customer', id, query };
  }
  return { view: 'unknown', query };
}

/** The address of a list with these filters; empty ones are left out. */
export function addressOf(path: string, filters: Record<string, string | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value) query.set(name, value);
  return query.size === 0 ? path : `${path}?${query}`;
}
