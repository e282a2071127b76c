import { DomainError } from '@app/platform';

/** Endpoints that can be registered at once. */
export const MAX_ENDPOINTS = 20;

/** For an endpoint that is not there. */
export const endpointNotFound = (id: string): DomainError =>
  new DomainError(
    'not-found',
    'WEBHOOK_ENDPOINT_NOT_FOUND',
    `There is no webhook endpoint "${id}". List the endpoints to see those there are.`,
  );

/** For one endpoint too many. */
export const tooManyEndpoints = (): DomainError =>
  new DomainError(
    'conflict',
    'WEBHOOK_ENDPOINTS_EXHAUSTED',
    `There are ${MAX_ENDPOINTS} webhook endpoints, and no more can be registered. Delete one that is no longer used.`,
  );

/** For what only an active endpoint can do. */
export const endpointDisabled = (id: string): DomainError =>
  new DomainError(
    'conflict',
    'WEBHOOK_ENDPOINT_DISABLED',
    `The webhook endpoint "${id}" is disabled: nothing is sent to it. Set its state to "active" first.`,
  );
