import { parseTenantHost, type TenantHostPolicy } from '@app/qlik';
import { NewCustomer } from '../../../api/src/customers/customer.schema.js';
import { type Judged, judge } from '../mistakes.js';
import { type CsvRow, parseCsvRows } from './csv-rows.js';
import { CUSTOMER_COLUMNS, toCustomerInput } from './customer-row.js';

/** A row of a file of customers: what it asks for, or what is wrong with it. */
export type CustomerRow = { line: number; externalId: string } & (
  { input: NewCustomer; mistakes?: undefined } | { input?: undefined; mistakes: string[] }
);

/** Every row of the file, judged as the API judges a sign-up and against the rows before it. Throws CUSTOMERS_FILE_INVALID for a file that cannot be read as such. */
export function readCustomers(text: string, hosts: TenantHostPolicy): CustomerRow[] {
  const taken = new Map<string, number>();
  return parseCsvRows(text, CUSTOMER_COLUMNS, ['externalId', 'name', 'tenantHost']).map((row) => {
    const { line } = row;
    const externalId = row.cells.get('externalId') ?? '';
    const judged = judgeRow(row, hosts);
    if ('mistakes' in judged) return { line, externalId, mistakes: judged.mistakes };
    const mistakes = claim(taken, line, judged.value);
    return mistakes.length > 0 ? { line, externalId, mistakes } : { line, externalId, input: judged.value };
  });
}

function judgeRow(row: CsvRow, hosts: TenantHostPolicy): Judged<NewCustomer> {
  let input: Record<string, unknown>;
  try {
    input = toCustomerInput(row);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { mistakes: [error.message] };
  }
  const judged = judge(NewCustomer, input);
  if ('mistakes' in judged) return judged;
  const host = parseTenantHost(judged.value.tenantHost, hosts);
  return host.ok ? judged : { mistakes: [`tenantHost: ${host.reason}`] };
}

/** What the row asks for and an earlier one has asked for; a row that is wrong claims nothing. */
function claim(
  taken: Map<string, number>,
  line: number,
  { externalId, tenantHost, existingClient }: NewCustomer,
): string[] {
  const claims = [`externalId: "${externalId}"`, `tenantHost: "${tenantHost}"`];
  if (existingClient !== undefined) claims.push(`existingClient.clientId: "${existingClient.clientId}"`);
  const mistakes = claims.filter((name) => taken.has(name)).map((name) => `${name} is on line ${taken.get(name)} too`);
  if (mistakes.length === 0) for (const name of claims) taken.set(name, line);
  return mistakes;
}
