import type { QlikOperation } from '../call.js';

/** What Qlik limits together, per user and tenant; the token endpoint has no documented limit, and a 429 of it says nothing about the others. */
export type RateTier = 'read' | 'write' | 'token';

/** The tier of each operation (qlik.dev, OAuth clients API, "Rate Limit": tier 1 is reads, tier 2 is writes). */
export const rateTierOf: Record<QlikOperation, RateTier> = {
  token: 'token',
  'list-oauth-clients': 'read',
  'get-oauth-client': 'read',
  'get-connection-config': 'read',
  'create-oauth-client': 'write',
  'patch-oauth-client': 'write',
  'delete-oauth-client': 'write',
  'patch-connection-config': 'write',
  'create-client-secret': 'write',
  'delete-client-secret': 'write',
};
