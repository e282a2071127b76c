import { Injectable } from '@nestjs/common';
import { AuditTrail } from '@app/audit';
import {
  type Customer,
  type CustomerState,
  Database,
  DomainError,
  findSqlState,
  type Run,
  type Sql,
  type Transaction,
} from '@app/platform';
import { type RunChange, type RunDetails, RunsReader, RunsService, RunSuccession } from '@app/runs';
import { v7 as uuidv7 } from 'uuid';
import { hashCanonicalJson } from './canonical-json.js';
import { busyAtThisMoment } from './customer-busy.js';
import { CustomerStates } from './customer-states.js';
import { assertNotOffboarded } from './customer-usable.js';
import { CustomersReader } from './customers.reader.js';
import { CustomersRepository, type RequestKey } from './customers.repository.js';
import { ExistingClientAcceptance } from './existing-client/existing-client-acceptance.js';
import type { Caller, NewCustomer } from './new-customer.js';
import { rotationActive, RotationStart } from './rotation/rotation-start.js';
import { isBeforePromotion } from './rotation/rotation-steps.js';

/** How long an onboarding may take before it gives up. */
const ONBOARDING_WALL_CLOCK_MS = 86_400_000;

const UNIQUE_VIOLATION = '23505';
const LOCK_NOT_AVAILABLE = '55P03';

/** What follows a request into its run. */
export interface RequestTrace {
  requestId: string;
  traceparent: string;
}

/** A customer with its newest run; `replayed` when an earlier request with the same key made it. */
export interface Accepted {
  customer: Customer;
  run: RunDetails;
  replayed: boolean;
}

/** A customer as it was stored, with the run that onboards it. */
interface Made {
  customer: Customer;
  run: Run;
}

/** Accepts customers and lets people change their runs. */
@Injectable()
export class CustomersService {
  constructor(
    private readonly database: Database,
    private readonly customers: CustomersRepository,
    private readonly reader: CustomersReader,
    private readonly states: CustomerStates,
    private readonly runs: RunsService,
    private readonly runsReader: RunsReader,
    private readonly succession: RunSuccession,
    private readonly rotations: RotationStart,
    private readonly audit: AuditTrail,
    private readonly existingClients: ExistingClientAcceptance,
  ) {}

  /**
   * Writes key, customer, onboarding run and audit event in one transaction, then wakes a worker. The same key and input again, also at the
   * same time, give the same customer. Throws IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_PROGRESS, EXTERNAL_ID_TAKEN, TENANT_HOST_TAKEN or
   * CLIENT_TAKEN, and what the vault throws for an existing client's secret.
   */
  async accept(input: NewCustomer, caller: Caller, key: string, trace: RequestTrace): Promise<Accepted> {
    const request = { caller: caller.id, key, requestHash: hashCanonicalJson(input) };
    const made = await this.#insertOnce(input, caller, request, trace);
    if (made === undefined) return this.#replay(request);
    this.runs.wake(made.run);
    return { customer: made.customer, run: { ...made.run, steps: [] }, replayed: false };
  }

  /** Writes nothing. Throws EXTERNAL_ID_TAKEN, TENANT_HOST_TAKEN or CLIENT_TAKEN where `accept` would. */
  async refuseTaken(input: Pick<NewCustomer, 'externalId' | 'tenantHost' | 'existingClient'>): Promise<void> {
    const taken = await this.#findTaken(input);
    if (taken !== undefined) throw taken;
    const { existingClient } = input;
    if (existingClient !== undefined)
      await this.existingClients.refuseTaken(this.database.sql, existingClient.clientId);
  }

  /** Queues a run again; the customer of an onboarding that failed is onboarding again. Throws what RunsService.retry throws, ROTATION_ACTIVE, and CUSTOMER_OFFBOARDED for a run of such a customer that is not its offboarding. */
  retryRun(runId: string, change: RunChange): Promise<Run> {
    return this.runs.retry(runId, change, async (tx, run) => {
      const { customerId } = run;
      if (customerId === null) return;
      await this.#refuseOffboarded(tx, run.plan, customerId);
      if (run.plan === 'rotation') {
        await this.#refuseSecondRotation(tx, run.id, customerId);
        await this.rotations.giveTime(tx, run);
      }
      if (run.plan !== 'onboarding') return;
      const customer = await tx.customer.findUniqueOrThrow({ where: { id: customerId }, select: { state: true } });
      if (customer.state === 'failed') await this.states.change(tx, customerId, 'onboarding');
    });
  }

  /** Tells a run to stop. Throws what RunsService.cancel throws, ROTATION_PROMOTED, and OFFBOARDING_FINAL. */
  cancelRun(runId: string, change: RunChange): Promise<Run> {
    return this.runs.cancel(runId, change, (run) => {
      if (run.plan === 'offboarding') throw offboardingFinal(run);
      if (run.plan === 'rotation' && !isBeforePromotion(run.step)) throw rotationPromoted(run);
    });
  }

  async #refuseSecondRotation(tx: Transaction, runId: string, customerId: string): Promise<void> {
    const unfinished = await this.succession.findUnfinished(tx, customerId, 'rotation');
    if (unfinished === undefined) throw busyAtThisMoment(customerId, 'rotation');
    const active = unfinished.find(({ id }) => id !== runId);
    if (active !== undefined) throw rotationActive(active);
  }

  /** Keeps the customer from being offboarded until the transaction ends. */
  async #refuseOffboarded(tx: Transaction, plan: string, customerId: string): Promise<void> {
    if (plan === 'offboarding') return;
    const [customer] = await tx.$queryRaw<{ state: CustomerState }[]>`
      SELECT state::text AS state FROM customers WHERE id = ${customerId}::uuid FOR SHARE`;
    if (customer !== undefined) assertNotOffboarded(customerId, customer.state);
  }

  async #insertOnce(
    input: NewCustomer,
    caller: Caller,
    request: RequestKey,
    trace: RequestTrace,
  ): Promise<Made | undefined> {
    const id = uuidv7();
    const { existingClient } = input;
    if (existingClient === undefined) return this.#insert(id, input, caller, request, trace);
    // A request that was answered before asks nothing of the key service.
    if ((await this.customers.findRequest(request.caller, request.key)) !== undefined) return undefined;
    const writeClient = await this.existingClients.prepare(id, existingClient);
    return this.#insert(id, input, caller, request, trace, writeClient);
  }

  async #insert(
    id: string,
    input: NewCustomer,
    caller: Caller,
    request: RequestKey,
    trace: RequestTrace,
    writeClient?: (tx: Sql) => Promise<void>,
  ): Promise<Made | undefined> {
    try {
      return await this.database.sqlTransaction(async (tx) => {
        const customer = await this.customers.insert(tx, id, input, request);
        if (customer === undefined) return undefined;
        await writeClient?.(tx);
        return this.#begin(tx, customer, caller, trace);
      });
    } catch (error) {
      if (findSqlState(error) === UNIQUE_VIOLATION) throw (await this.#findTaken(input)) ?? inProgress(error);
      return inProgressIfLocked(error);
    }
  }

  async #begin(tx: Sql, customer: Customer, caller: Caller, trace: RequestTrace): Promise<Made> {
    const run = await this.runs.create(tx, {
      customerId: customer.id,
      plan: 'onboarding',
      wallClockMs: ONBOARDING_WALL_CLOCK_MS,
      actor: caller.actor,
      ...trace,
    });
    await this.audit.append(tx, {
      chain: customer.id,
      action: 'customer.accepted',
      actor: caller.actor,
      subject: { customerId: customer.id, runId: run.id },
      requestId: trace.requestId,
    });
    return { customer, run };
  }

  async #replay({ caller, key, requestHash }: RequestKey): Promise<Accepted> {
    const earlier = await this.customers.findRequest(caller, key);
    if (earlier === undefined) throw inProgress();
    if (earlier.customerId === null || earlier.requestHash !== requestHash) throw keyReused(earlier.customerId);
    const customer = await this.reader.get(earlier.customerId);
    const run = await this.runsReader.findNewest(customer.id);
    if (run === undefined) throw new Error(`The customer "${customer.id}" has no run.`);
    return { customer, run, replayed: true };
  }

  async #findTaken(input: Pick<NewCustomer, 'externalId' | 'tenantHost'>): Promise<DomainError | undefined> {
    const holder = await this.customers.findLive(input.externalId, input.tenantHost);
    if (holder === undefined) return undefined;
    const [code, field] =
      holder.externalId === input.externalId
        ? (['EXTERNAL_ID_TAKEN', 'externalId'] as const)
        : (['TENANT_HOST_TAKEN', 'tenantHost'] as const);
    return new DomainError(
      'conflict',
      code,
      `The ${field} "${input[field]}" belongs to the customer "${holder.id}", which is "${holder.state}". Read that customer, or use another ${field}.`,
      { facts: { customerId: holder.id }, fields: [{ pointer: `/${field}`, message: 'is taken by a live customer' }] },
    );
  }
}

/** Throws the error, as IDEMPOTENCY_IN_PROGRESS if it says that a key was waited for too long. */
export function inProgressIfLocked(error: unknown): never {
  throw findSqlState(error) === LOCK_NOT_AVAILABLE ? inProgress(error) : error;
}

/** `IDEMPOTENCY_IN_PROGRESS`: who holds the key, the externalId or the tenantHost is not settled yet. */
export const inProgress = (cause?: unknown): DomainError =>
  new DomainError(
    'conflict',
    'IDEMPOTENCY_IN_PROGRESS',
    'A request with this Idempotency-Key, externalId or tenantHost is still under way. Send this one again, unchanged, in a moment.',
    { retryAfterSeconds: 1, cause },
  );

const rotationPromoted = (run: Run): DomainError =>
  new DomainError(
    'conflict',
    'ROTATION_PROMOTED',
    `The rotation "${run.id}" has made its secret the current one already, so that it cannot be cancelled. Roll it back instead.`,
    { facts: { runId: run.id } },
  );

const offboardingFinal = (run: Run): DomainError =>
  new DomainError(
    'conflict',
    'OFFBOARDING_FINAL',
    `The run "${run.id}" offboards its customer, which cannot be cancelled. Retry it if it stopped; sign the customer up anew once it has ended.`,
    { facts: { runId: run.id } },
  );

/** `IDEMPOTENCY_KEY_REUSED`; `customerId` is what the key made, null for a batch. */
export const keyReused = (customerId: string | null): DomainError =>
  new DomainError(
    'invalid',
    'IDEMPOTENCY_KEY_REUSED',
    `This Idempotency-Key came with another body before; that ${customerId === null ? 'was a batch' : `made the customer "${customerId}"`}. Use a new key for a new request.`,
    { facts: customerId === null ? {} : { customerId } },
  );
