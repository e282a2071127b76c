import type { Scope } from '@app/access';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';

/** Metadata of a route: the scope it asks for, or `public`. */
export const ROUTE_ACCESS = 'route access';

/** The names of the security schemes in the OpenAPI document: either is enough. */
export const API_KEY_SCHEME = 'apiKey';
export const ACCESS_TOKEN_SCHEME = 'accessToken';

/** Lets in callers that hold `scope`. */
export const RequiresScope = (scope: Scope): MethodDecorator =>
  applyDecorators(
    SetMetadata(ROUTE_ACCESS, scope),
    ApiSecurity(ACCESS_TOKEN_SCHEME),
    ApiSecurity(API_KEY_SCHEME),
    ApiExtension('x-required-scope', scope),
  );

/** Lets anybody in. */
export const Public = (): MethodDecorator => SetMetadata(ROUTE_ACCESS, 'public');
