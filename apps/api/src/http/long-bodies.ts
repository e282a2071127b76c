import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** A route that takes longer bodies than the others. */
export interface LongBodyRoute<Controller> {
  path: string;
  /** What answers a POST to it; the metadata of the method say who may. */
  controller: Type<Controller>;
  method: keyof Controller & string;
  /** The longest body that is read, in bytes. */
  limitBytes: number;
}

/** Lets one route take longer bodies, from callers that `guard` lets in: it is asked before anything of the body is read. To be called before routes are made. */
export function allowLongBodies<Controller>(
  fastify: FastifyInstance,
  guard: CanActivate,
  { path, controller, method, limitBytes }: LongBodyRoute<Controller>,
): void {
  const handler: unknown = (controller.prototype as Controller)[method];
  fastify.addHook('onRoute', (route) => {
    if (route.method !== 'POST' || route.url !== path) return;
    route.bodyLimit = limitBytes;
    route.onRequest = async (request) => {
      const context = { getHandler: () => handler, switchToHttp: () => ({ getRequest: () => request }) };
      await guard.canActivate(context as unknown as ExecutionContext);
    };
  });
}
