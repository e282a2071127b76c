import { DomainError } from '@app/platform';

/** `ROUTE_NOT_FOUND`: nothing is served at `route`, a method and a path. */
export const routeNotFound = (route: string): DomainError =>
  new DomainError(
    'not-found',
    'ROUTE_NOT_FOUND',
    `There is no route "${route.slice(0, 200)}". Check its method and path.`,
  );
