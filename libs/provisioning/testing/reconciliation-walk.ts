import { inputOfNext } from '@app/customers';
import type { CustomerState } from '@app/platform';
import {
  IMPERSONATION_GRANTS,
  type OAuthClient,
  type OAuthClientChanges,
  QlikError,
  type QlikErrorCode,
  type QlikOperation,
} from '@app/qlik';
import { type Completed, type Intent, type RunEvent, type Step, type StepContext, StepFailure } from '@app/runs';
import { ClientComparisons } from '../src/reconciliation/client-comparisons.js';
import { ClientRepair } from '../src/reconciliation/client-repair.js';
import { CompareClientStep } from '../src/reconciliation/compare-client.step.js';
import { CustomerCondition } from '../src/reconciliation/customer-condition.js';
import { RaiseDriftStep } from '../src/reconciliation/raise-drift.step.js';
import { ReconciliationPolicy } from '../src/reconciliation/reconciliation-policy.js';
import type { RecordedClient } from '../src/reconciliation/recorded-client.reader.js';
import { RepairClientStep } from '../src/reconciliation/repair-client.step.js';

const customerId = '0190a0b0-0000-7000-8000-000000000001';
const host = 'acme.eu.qlikcloud.com';
/** The customer as it is wanted. */
export const target = {
  customerId,
  tenantHost: host,
  scopes: ['user_default'],
  redirectUris: ['https://app.example/callback'],
  allowedOrigins: ['https://app.example'],
};
/** The name that its client was made with. */
export const clientName = `tenant-provisioner/${customerId}/${'a'.repeat(32)}`;
const recorded: RecordedClient = {
  oauthClientId: 'row',
  clientId: 'c1',
  clientName,
  originsRefused: false,
  found: null,
  secrets: [
    { id: 'v2', isCurrent: true, hint: 'two', mustShow: true },
    { id: 'v1', isCurrent: false, hint: 'one', mustShow: true },
  ],
};

/** What Qlik answers that refuses a call. */
export const refuse = (code: QlikErrorCode, operation: QlikOperation, status: number) =>
  new QlikError(code, { operation, host, qlik: { status } });

/** A tenant with the customer's client as it was made. */
export class Tenant {
  client: OAuthClient | undefined = {
    clientId: 'c1',
    clientName,
    appType: 'web',
    createdAt: '2026-11-22T10:00:00Z',
    allowedGrantTypes: [...IMPERSONATION_GRANTS],
    allowedScopes: target.scopes,
    redirectUris: target.redirectUris,
    allowedOrigins: target.allowedOrigins,
    clientSecrets: [{ hint: 'two' }, { hint: 'one' }],
  };
  consentMethod: string | undefined = 'trusted';
  readonly reads: string[] = [];
  readonly writes: unknown[] = [];
  /** What a write meets instead of being carried out; undefined lets it be. */
  onWrite: (write: OAuthClientChanges | 'trust') => 'ignored' | undefined = () => undefined;

  readonly oauthClients = {
    get: (_host: string, clientId: string) => this.#read('get-oauth-client', clientId, () => this.client),
    listByPrefix: () => Promise.resolve(this.client === undefined ? [] : [this.client]),
    patch: (_host: string, _clientId: string, changes: OAuthClientChanges) =>
      this.#write(changes, () => (this.client = this.client && { ...this.client, ...changes })),
  };

  readonly connectionConfigs = {
    get: (_host: string, clientId: string) =>
      this.#read('get-connection-config', clientId, () => this.consentMethod && { consentMethod: this.consentMethod }),
    trust: () => this.#write('trust', () => (this.consentMethod = 'trusted')),
  };

  change(changes: Partial<OAuthClient>): void {
    this.client = this.client && { ...this.client, ...changes };
  }

  async #read<Found>(operation: QlikOperation, clientId: string, find: () => Found): Promise<NonNullable<Found>> {
    await Promise.resolve();
    this.reads.push(operation);
    const found = find();
    if (clientId !== 'c1' || !found) throw refuse('CLIENT_NOT_FOUND', operation, 404);
    return found;
  }

  async #write(write: OAuthClientChanges | 'trust', carryOut: () => unknown): Promise<void> {
    await Promise.resolve();
    this.writes.push(write);
    const met = this.onWrite(write);
    if (this.client === undefined) throw refuse('CLIENT_NOT_FOUND', 'patch-oauth-client', 404);
    if (met === undefined) carryOut();
  }
}

/** One run of the plan's steps at the tenant, committed as a worker does. */
export class ReconciliationWalk {
  intent: Intent | null = null;
  input: Record<string, unknown> = {};
  state: CustomerState = 'ready';
  /** What the run recorded of the origins, if it set them. */
  originsRefused: boolean | undefined;
  readonly events: RunEvent[] = [];
  readonly outputs: Record<string, unknown> = {};
  readonly #steps: Step[];

  constructor(tenant: Tenant, policy: 'repair' | 'raise' = 'repair') {
    const comparisons = new ClientComparisons(
      { get: () => Promise.resolve(target) } as never,
      { getActive: () => Promise.resolve(recorded) } as never,
      tenant.oauthClients as never,
      tenant.connectionConfigs as never,
    );
    const condition = new CustomerCondition({
      change: (_tx: never, _id: string, to: CustomerState) => Promise.resolve(void (this.state = to)),
    });
    const settings = new ReconciliationPolicy(1_000, policy);
    this.#steps = [
      new CompareClientStep(comparisons, condition, settings),
      new RepairClientStep(
        comparisons,
        new ClientRepair(tenant.oauthClients as never, tenant.connectionConfigs as never),
        condition,
        settings,
        {
          noteOrigins: (_tx: never, _id: string, refused: boolean) =>
            Promise.resolve(void (this.originsRefused = refused)),
        } as never,
      ),
      new RaiseDriftStep(comparisons, condition),
    ];
  }

  /** Walks on from the step `from` under one claim; returns the failure it stopped with, if any. */
  async walk(from = 'compare-client'): Promise<StepFailure['failure'] | undefined> {
    const context = this.#claim();
    for (const step of this.#steps.slice(this.#steps.findIndex(({ name }) => name === from))) {
      if (step.name !== from && !(step.isNeeded?.(this.intent) ?? true)) continue;
      const completed = await step.run(context()).catch((error: unknown) => error);
      if (completed instanceof StepFailure) return completed.failure;
      if (completed instanceof Error) throw completed;
      const { output, intent, commit } = completed as Completed<unknown>;
      this.outputs[step.name] = step.output.parse(output);
      if (intent !== undefined) this.intent = JSON.parse(JSON.stringify(intent)) as Intent | null;
      const tx = { $queryRaw: () => Promise.resolve([{ state: this.state }]) };
      this.events.push(...((await commit?.(tx as never)) ?? []));
    }
    return undefined;
  }

  /** The run begins at its first step again, as the sweep has it, and knows what it told. */
  beginAnew(): Promise<StepFailure['failure'] | undefined> {
    this.input = inputOfNext(this);
    this.intent = null;
    return this.walk();
  }

  /** The step's calls reach Qlik, but the process ends before its commit. */
  async crashIn(name: string): Promise<void> {
    const step = this.#steps.find((one) => one.name === name);
    await step?.run(this.#claim()());
  }

  /** What the audit has, by kind of event, in order. */
  told(action: RunEvent['action']): unknown[] {
    return this.events.filter((event) => event.action === action).map(({ data }) => data?.kind ?? data?.code);
  }

  #claim(): () => StepContext {
    const run = { id: 'r1', customerId, input: this.input };
    const commitIntent = (intent: Intent) => Promise.resolve((this.intent = intent));
    return () => ({ run, intent: this.intent, record: () => undefined, commitIntent }) as unknown as StepContext;
  }
}
