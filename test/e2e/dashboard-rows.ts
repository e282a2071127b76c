import type { CustomerState, Database, Prisma, RunState, SecretVersionState, StepState } from '@app/platform';
import { v7 } from 'uuid';

const STEPS = {
  onboarding: ['check-tenant-access', 'create-oauth-client', 'trust-consent', 'verify-credential', 'settle-creation'],
  rotation: ['mint', 'verify', 'promote', 'grace', 'retire', 'prove-revoked'],
};

/** Writes a customer as the API would. */
export async function writeCustomer(database: Database, name: string, state: CustomerState): Promise<string> {
  const id = v7();
  const slug = name.toLowerCase().replaceAll(/[^a-z]+/g, '-');
  await database.client.customer.create({
    data: {
      id,
      externalId: `crm:${slug}`,
      name,
      tenantHost: `${slug}.eu.qlikcloud.com`,
      redirectUris: ['https://app.example/callback'],
      allowedOrigins: [],
      scopes: ['user_default'],
      state,
      ...(state === 'ready' ? { readyAt: new Date() } : {}),
    },
  });
  return id;
}

/** Writes a preflight of a tenant that nobody is signed up for, as a worker would have left it that was not let in. */
export async function writePreflight(database: Database, tenantHost: string): Promise<string> {
  const id = v7();
  const now = new Date();
  const error = { code: 'PARENT_REFUSED', message: 'The tenant refused the parent client.', hint: 'Check it.' };
  const stopped = { state: 'needs_attention', error, startedAt: now, finishedAt: now } as const;
  await database.client.run.create({
    data: {
      ...{ id, plan: 'preflight', input: { tenantHost }, step: 'get-parent-token', holdsSlot: false, ...stopped },
      ...{ requestId: v7(), actor: 'api-key:k3y0fthe0em1', deadlineAt: now },
      steps: { create: { name: 'get-parent-token', position: 0, attempts: 1, ...stopped } },
    },
  });
  return id;
}

/** What a run is to look like. */
export interface RunRow {
  customerId: string;
  /** Makes it a rotation; an onboarding by default. */
  mode?: 'graceful' | 'emergency';
  state: RunState;
  /** Steps that are done before the one that the run stands at. */
  done: number;
  stepState?: StepState;
  error?: Prisma.InputJsonObject;
  ageMs?: number;
  waitMs?: number;
}

/** Writes a run as a worker would have left it. */
export async function writeRun(database: Database, row: RunRow): Promise<string> {
  const id = v7();
  const { customerId, mode, state, done, stepState, error, ageMs = 300_000, waitMs } = row;
  const plan = mode === undefined ? 'onboarding' : 'rotation';
  const steps = STEPS[plan];
  const createdAt = new Date(Date.now() - ageMs);
  const at = (index: number): Date => new Date(createdAt.getTime() + 1_000 + index * 2_300);
  const nextRunAt = waitMs === undefined ? null : new Date(Date.now() + waitMs);
  const ended = !['queued', 'running', 'waiting'].includes(state);
  await database.client.run.create({
    data: {
      id,
      customerId,
      plan,
      ...(mode === undefined ? {} : { input: { mode } }),
      state,
      step: state === 'queued' ? null : (steps[done] ?? null),
      ...(error === undefined ? {} : { error }),
      holdsSlot: steps[done] !== 'grace' && (!ended || state === 'needs_attention'),
      requestId: v7(),
      actor: 'api-key:k3y0fthe0em1',
      deadlineAt: new Date(createdAt.getTime() + 86_400_000),
      createdAt,
      wokenAt: createdAt,
      startedAt: state === 'queued' ? null : at(0),
      finishedAt: ended ? at(done + 1) : null,
      nextRunAt,
      revision: 4,
    },
  });
  if (state === 'queued') return id;
  for (const [position, name] of steps.entries()) {
    const here = position === done;
    const began = position <= done;
    const runStepState = position < done ? 'succeeded' : here ? (stepState ?? 'running') : 'pending';
    const finished = began && !['running', 'waiting'].includes(runStepState);
    await database.client.runStep.create({
      data: {
        runId: id,
        name,
        position,
        state: runStepState,
        attempts: began ? 1 : 0,
        startedAt: began ? at(position) : null,
        finishedAt: finished ? at(position + 1) : null,
        waitingUntil: here ? nextRunAt : null,
        ...(here && error !== undefined ? { error } : {}),
        ...(name === 'create-oauth-client' && runStepState === 'succeeded'
          ? { output: { clientId: 'c4f1d2a09be34f6d8e21' } }
          : {}),
      },
    });
    if (!finished && runStepState !== 'waiting') continue;
    await database.client.stepAttempt.create({
      data: {
        runId: id,
        step: name,
        number: 1,
        outcome: attemptOutcome(runStepState),
        calls: [
          { operation: 'token', startedAt: at(position).toISOString(), durationMs: 84, status: 200, outcome: 'ok' },
          here && error !== undefined ? refusedCall(at(position)) : acceptedCall(at(position)),
        ],
        ...(here && error !== undefined ? { error } : {}),
        startedAt: at(position),
        finishedAt: at(position + 1),
      },
    });
  }
  return id;
}

/** Writes the versions of a customer's secret, the oldest first, as rotations would have left them; times say how long ago, in ms. */
export async function writeSecretVersions(
  database: Database,
  customerId: string,
  versions: readonly {
    state: SecretVersionState;
    inUseMs?: number;
    readMs?: number;
    retiredMs?: number;
    revokedMs?: number;
  }[],
): Promise<void> {
  const { client } = database;
  const id = customerId;
  await client.dataKey.create({ data: { id, owner: 'customer', ownerId: id, keyEncryptionKeyId: 'k', wrapped: 'w' } });
  await client.oAuthClient.create({
    data: { id, customerId, tenantHost: id, clientId: 'c1ient-at-qlik', clientName: 'n', createdByRun: id },
  });
  const ago = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(Date.now() - ms));
  for (const [index, { state, inUseMs, readMs, retiredMs, revokedMs }] of versions.entries()) {
    await client.secretVersion.create({
      data: {
        ...{ id: v7(), customerId, oauthClientId: id, dataKeyId: id, version: index + 1, state },
        sealed: state === 'revoked' ? null : 'sealed-secret',
        hint: `h1nt${index}`,
        promotedAt: ago(inUseMs),
        verifiedAt: ago(inUseMs),
        firstReadAt: ago(readMs),
        retiredAt: ago(retiredMs),
        revokedAt: ago(revokedMs),
      },
    });
  }
}

const attemptOutcome = (state: StepState) =>
  state === 'waiting' ? 'waited' : state === 'failed' || state === 'needs_attention' ? state : 'succeeded';

const acceptedCall = (at: Date): Prisma.InputJsonObject => ({
  operation: 'list-oauth-clients',
  startedAt: at.toISOString(),
  durationMs: 212,
  status: 200,
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  outcome: 'ok',
});

const refusedCall = (at: Date): Prisma.InputJsonObject => ({
  operation: 'create-oauth-client',
  startedAt: at.toISOString(),
  durationMs: 1430,
  status: 403,
  code: 'OAUTH-14',
  traceId: '00f067aa0ba902b74bf92f3577b34da6',
  outcome: 'refused',
});

/** What a run shows that Qlik refused. */
const FORBIDDEN: Prisma.InputJsonObject = {
  code: 'QLIK_FORBIDDEN',
  message:
    'Qlik refused to create the OAuth client: the parent client lacks a right in the tenant "acme.eu.qlikcloud.com".',
  hint: 'Give the parent client the role that may manage OAuth clients in this tenant, then retry the run.',
  qlik: {
    status: 403,
    code: 'OAUTH-14',
    title: 'Forbidden',
    detail: 'The client may not manage OAuth clients.',
    traceId: '00f067aa0ba902b74bf92f3577b34da6',
  },
};

/** What a rotation shows whose new secret nobody has shown to use. */
export const OVERDUE: Prisma.InputJsonObject = {
  code: 'ACKNOWLEDGEMENT_OVERDUE',
  message: 'Nobody has shown to use version 2 of the credentials, so that the version before it stays valid.',
  hint: 'Have the consumer read the credentials, or acknowledge the version for it: the rotation then goes on by itself.',
};

/** A customer whose onboarding stopped at Qlik's 403, waiting for a person. */
export async function writeStoppedOnboarding(
  database: Database,
  name: string,
): Promise<{ customerId: string; runId: string }> {
  const customerId = await writeCustomer(database, name, 'onboarding');
  const runId = await writeRun(database, {
    customerId,
    state: 'needs_attention',
    done: 1,
    stepState: 'needs_attention',
    error: FORBIDDEN,
  });
  return { customerId, runId };
}
