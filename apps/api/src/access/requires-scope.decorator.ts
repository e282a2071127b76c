import type { Scope } from '@app/access';
import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that a route asks for. */
    access?: Scope | 'public';
  }
}

/** The names of the security schemes in the OpenAPI document: either is enough. */
export const API_KEY_SCHEME = 'apiKey';
export const ACCESS_TOKEN_SCHEME = 'accessToken';

/** Lets in callers that hold `scope`. */
export const RequiresScope = (scope: Scope): MethodDecorator =>
  applyDecorators(
    RouteConfig({ access: scope }),
    ApiSecurity(ACCESS_TOKEN_SCHEME),
    ApiSecurity(API_KEY_SCHEME),
    ApiExtension('x-required-scope', scope),
  );

/** Lets anybody in. */
export const Public = (): MethodDecorator => RouteConfig({ access: 'public' });
