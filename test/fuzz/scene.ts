import { randomUUID } from 'node:crypto';
import { ApiKeys, type Scope, scopes } from '@app/access';
import { AuditTrail } from '@app/audit';
import { pino } from 'pino';
import { parentClient, Stack } from '../stack.js';
import type { CallerKind } from './fuzz-request.js';

/** An installation with customers in every state, and callers of every kind. */
export interface Scene {
  stack: Stack;
  /** The Authorization header of a caller; one that lacks the scope of an operation is made for that operation. */
  authorizationOf(kind: CallerKind, scope: string | undefined): string | undefined;
  /** Ids of the keys that callers have. */
  keyIds: readonly string[];
  /** Secrets that no answer may hold. */
  secrets: readonly string[];
  /** What the API has logged. */
  logged(): string;
  close(): Promise<void>;
}

/** The tenant's users that the tokens are for. */
const users = [0, 1, 2].map((number) => ({
  id: `user-${number}`,
  subject: `idp|${number}`,
  email: `${number}@x.example`,
}));

const READY = ['ready-a', 'ready-b', 'ready-c', 'retired'];

/**
 * Starts API and sandbox, and a worker for as long as it takes to plant customers: ready, failed, degraded, offboarded. Then nothing runs
 * beside the requests, so that what is written between two looks at the database was written by a request.
 */
export async function setScene(): Promise<Scene> {
  const lines: string[] = [];
  const log = { write: (line: string) => void lines.push(line) };
  const stack = await Stack.start({
    env: {
      API_REFUSALS_PER_MINUTE: '0',
      QLIK_TIMEOUT_SECONDS: '5',
      RUN_LEASE_SECONDS: '10',
      QLIK_READS_PER_MINUTE: '100000',
    },
    log,
  });
  await plantCustomers(stack);
  await stack.worker.close();
  const keys = await makeCallers(stack);
  return {
    stack,
    authorizationOf: (kind, scope) => authorizationOf(keys, kind, scope),
    keyIds: keys.ids,
    secrets: [...keys.secrets, stack.apiKey, parentClient.clientSecret, stack.env.LOCAL_KEYS!.split(':')[1]!],
    logged: () => lines.join(''),
    close: () => stack.close(),
  };
}

async function plantCustomers(stack: Stack): Promise<void> {
  for (const name of READY) await stack.sandboxCall('PUT', `/tenants/${name}.eu.qlikcloud.com`, { users });
  await stack.sandboxCall('PUT', '/tenants/refused.eu.qlikcloud.com', { users, disabled: true });
  const accepted = [];
  for (const name of [...READY, 'refused']) accepted.push(await stack.onboard(name));
  for (const { runId } of accepted) await stack.runEnd(runId, 60_000);
  await plantRotation(stack, accepted[READY.indexOf('ready-b')]!.customerId);
  const { customer, secretVersion } = stack.test.database.client;
  // As offboarding leaves them.
  const retired = accepted[READY.indexOf('retired')]!.customerId;
  await customer.update({
    where: { id: retired },
    data: { state: 'offboarded', nextRotationAt: null, nextReconciliationAt: null },
  });
  await secretVersion.updateMany({
    where: { customerId: retired },
    data: { state: 'revoked', sealed: null, revokedAt: new Date() },
  });
  // As a comparison with Qlik leaves one whose client is gone.
  const degraded = accepted[READY.indexOf('ready-c')]!.customerId;
  await customer.update({ where: { id: degraded }, data: { state: 'degraded' } });
}

/** Within its grace: there is a secret to roll back to. */
async function plantRotation(stack: Stack, customerId: string): Promise<void> {
  const body = { mode: 'graceful', reason: 'planted' };
  const { status, body: run } = await stack.call('POST', `/v1/customers/${customerId}/rotations`, { body });
  if (status !== 202) throw new Error(`The rotation was not accepted: ${JSON.stringify(run)}`);
  await stack.runWhen(run.id ?? run.run.id, ({ state }) => state === 'waiting', 60_000);
}

interface Callers {
  ids: string[];
  secrets: string[];
  full: string;
  expired: string;
  revoked: string;
  /** By the scope that is not theirs. */
  without: ReadonlyMap<string, string>;
}

async function makeCallers(stack: Stack): Promise<Callers> {
  const ids: string[] = [];
  const secrets: string[] = [];
  const make = async (
    name: string,
    held: readonly string[],
    now = new Date(),
  ): Promise<{ id: string; key: string }> => {
    const { database } = stack.test;
    const apiKeys = new ApiKeys(database, new AuditTrail(database), pino({ level: 'silent' }), () => now);
    const expiresAt = new Date(now.getTime() + 86_400_000);
    const { id, key } = await apiKeys.create({ name, scopes: held, expiresAt, actor: 'test' });
    ids.push(id);
    secrets.push(key.reveal());
    return { id, key: key.reveal() };
  };
  const all = Object.keys(scopes) as Scope[];
  const without = new Map<string, string>();
  for (const scope of all)
    without.set(
      scope,
      (
        await make(
          `without ${scope}`,
          all.filter((held) => held !== scope),
        )
      ).key,
    );
  const { key: full } = await make('full', all);
  const { key: expired } = await make('expired', all, new Date(Date.now() - 30 * 86_400_000));
  const { id, key: revoked } = await make('revoked', all);
  await stack.test.database.client.apiKey.update({ where: { id }, data: { revokedAt: new Date() } });
  return { ids, secrets, full, expired, revoked, without };
}

function authorizationOf(keys: Callers, kind: CallerKind, scope: string | undefined): string | undefined {
  switch (kind) {
    case 'full':
    case 'expired':
    case 'revoked':
      return `Bearer ${keys[kind]}`;
    case 'none':
      return undefined;
    case 'garbled':
      return `Bearer ${keys.full.slice(0, -1)}`;
    case 'unknown':
      return `Bearer ${randomUUID()}`;
    case 'other-scopes':
      return `Bearer ${keys.without.get(scope ?? '') ?? keys.full}`;
    case 'basic':
      return `Basic ${Buffer.from(`:${keys.full}`).toString('base64')}`;
    case 'jwt':
      return 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJmdXp6In0.';
  }
}
