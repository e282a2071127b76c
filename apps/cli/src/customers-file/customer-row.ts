import type { CsvRow } from './csv-rows.js';

/** The columns that a file of customers may have. */
export const CUSTOMER_COLUMNS = [
  'externalId',
  'name',
  'tenantHost',
  'redirectUris',
  'allowedOrigins',
  'scopes',
  'rotation',
  'metadata',
  'verificationUser.field',
  'verificationUser.value',
  'existingClient.clientId',
  'existingClient.clientSecret',
] as const;

type Column = (typeof CUSTOMER_COLUMNS)[number];

/** What the row asks for, in the form that the API takes: not judged yet. Cells of lists are split at spaces; throws SyntaxError, naming the column, for one that is not JSON. */
export function toCustomerInput({ cells }: CsvRow): Record<string, unknown> {
  const cell = (column: Column): string | undefined => cells.get(column);
  return {
    externalId: cell('externalId'),
    name: cell('name'),
    tenantHost: cell('tenantHost'),
    redirectUris: cell('redirectUris')?.split(/\s+/),
    allowedOrigins: cell('allowedOrigins')?.split(/\s+/),
    scopes: cell('scopes')?.split(/\s+/),
    rotation: parseJson('rotation', cell('rotation')),
    metadata: parseJson('metadata', cell('metadata')),
    verificationUser: group({ field: cell('verificationUser.field'), value: cell('verificationUser.value') }),
    existingClient: group({
      clientId: cell('existingClient.clientId'),
      clientSecret: cell('existingClient.clientSecret'),
    }),
  };
}

function group(members: Record<string, string | undefined>): object | undefined {
  return Object.values(members).every((member) => member === undefined) ? undefined : members;
}

/** Reads a JSON object that `where` gives. Throws SyntaxError, without what was given. */
export function parseJson(where: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(`${where}: must be JSON such as {"a": "b"}`);
  }
}
