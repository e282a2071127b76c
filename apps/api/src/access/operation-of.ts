import type { FastifyRequest } from 'fastify';

/** What a request asks for, as the interface documents it: method and route pattern, never the address itself. */
export const operationOf = (request: FastifyRequest): string => `${request.method} ${request.routeOptions.url}`;
