import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

// Imported by the edits `boundaries` into a worker; what it is told, and tells, are files in CHAOS_CRASH_FOLDER named for the tenant's host.
const folder = process.env.CHAOS_CRASH_FOLDER ?? '';

/** While this file is there, nobody dies. */
export const CALM = 'calm';

interface Sql {
  $queryRaw(sql: TemplateStringsArray, ...values: unknown[]): Promise<{ tenantHost: string }[]>;
}

/** The tenant of each run that this process claimed, and the step at which each tenant's run stands. */
const hostOf = new Map<string, string>();
const stepOf = new Map<string, string | null>();

/** Passes the boundary right after a claim. */
export async function passClaim(row: { id: string; customerId: string; step: string }, sql: Sql): Promise<void> {
  const [customer] = await sql.$queryRaw`
    SELECT tenant_host AS "tenantHost" FROM customers WHERE id = ${row.customerId}::uuid`;
  const host = customer!.tenantHost;
  hostOf.set(row.id, host);
  stepOf.set(host, row.step);
  pass(host, 'after the claim');
}

/** Commits an intent and passes the boundary behind it. */
export function passIntent<Result>(
  hold: { runId: string },
  intent: { phase: string } | null,
  commit: () => Promise<Result>,
): Promise<Result> {
  return passAfter(hostOf.get(hold.runId)!, `intent ${intent?.phase ?? 'none'}`, commit);
}

/** Commits the end of an attempt and passes the boundary behind it. */
export async function passCommit<Result>(
  hold: { runId: string },
  end: { step: { name: string; state: string }; run: { step: string | null } },
  commit: () => Promise<Result>,
): Promise<Result> {
  const host = hostOf.get(hold.runId)!;
  const result = await passAfter(host, `commit of ${end.step.state}`, commit);
  stepOf.set(host, end.run.step);
  return result;
}

/** Makes a call to Qlik and passes the boundary behind it, whatever came of it. */
export function passCall<Result>(
  call: { host: string; operation: string; json?: { client_id?: string } },
  send: () => Promise<Result>,
): Promise<Result> {
  const whose =
    call.operation === 'token' ? (call.json?.client_id === 'parent' ? ' of the parent' : ' of the client') : '';
  return passAfter(call.host, call.operation + whose, send);
}

async function passAfter<Result>(host: string, what: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } finally {
    pass(host, `after ${what}`);
  }
}

/** Notes the boundary if a list of them is kept for the tenant; ends this process if the tenant's fate names it, and leaves a mark first so that it happens once. */
function pass(host: string, what: string): void {
  const boundary = `${stepOf.get(host) ?? 'end'}: ${what}`;
  const path = join(folder, host);
  if (existsSync(`${path}.passed`)) appendFileSync(`${path}.passed`, `${boundary}\n`);
  if (
    existsSync(join(folder, CALM)) ||
    !existsSync(`${path}.dies`) ||
    readFileSync(`${path}.dies`, 'utf8') !== boundary
  )
    return;
  renameSync(`${path}.dies`, `${path}.died`);
  process.kill(process.pid, 'SIGKILL');
}
