import { z } from 'zod';
import { badRequest } from '../qlik-error.js';
import { parsed } from '../request-body.js';
import { type ClientFields, clientFieldsSchema } from './oauth-client.schema.js';

const organisationPaths = ['/clientName', '/description'] as const;
const tenantPaths = [
  ...organisationPaths,
  '/allowedOrigins',
  '/clientUri',
  '/logoUri',
  '/redirectUris',
  '/allowedScopes',
  '/allowedGrantTypes',
  '/publicKeys',
  '/allowedAuthMethods',
] as const;

function patchSchema<T extends string>(paths: readonly T[]) {
  const path = z.enum(paths as readonly [T, ...T[]]);
  return z
    .array(
      z.discriminatedUnion('op', [
        z.strictObject({ op: z.enum(['add', 'replace']), path, value: z.union([z.string(), z.array(z.unknown())]) }),
        z.strictObject({ op: z.literal('remove'), path }),
      ]),
    )
    .min(1);
}

/** JSON Patch (RFC 6902) on the paths that each API documents: the organisation's takes name and description only. */
export const clientPatchSchemas = { tenant: patchSchema(tenantPaths), organisation: patchSchema(organisationPaths) };

/** The operations of one patch. */
export type ClientPatch = z.infer<typeof clientPatchSchemas.tenant>;

/** The fields after all operations, in order; 400 if the outcome breaks a rule of creation, and then nothing is changed. */
export function patchedFields(fields: ClientFields, patch: ClientPatch): ClientFields {
  const draft: Record<string, unknown> = { ...fields };
  for (const operation of patch) {
    const field = operation.path.slice(1);
    if (operation.op !== 'remove') draft[field] = operation.value;
    else if (field === 'clientName') throw badRequest('clientName: cannot be removed');
    else if (field === 'allowedAuthMethods') draft[field] = [];
    else delete draft[field];
  }
  return parsed(draft, clientFieldsSchema, 'body');
}
