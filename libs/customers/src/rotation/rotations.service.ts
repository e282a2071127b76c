import { Injectable } from '@nestjs/common';
import { AuditTrail } from '@app/audit';
import { type CustomerState, Database, DomainError, type Run, type Sql } from '@app/platform';
import { RunsService, RunSuccession } from '@app/runs';
import { customerNotFound } from '../customer-not-found.js';
import { assertUsable } from '../customer-usable.js';
import type { RequestTrace } from '../customers.service.js';
import type { Caller } from '../new-customer.js';
import { type RotationRequest, RotationStart } from './rotation-start.js';
import { isInGrace } from './rotation-steps.js';

interface CustomerRow {
  state: CustomerState;
  rotation: unknown;
}

/** What people and signup backends may ask about the rotation of a customer's secret. */
@Injectable()
export class RotationsService {
  constructor(
    private readonly database: Database,
    private readonly runs: RunsService,
    private readonly succession: RunSuccession,
    private readonly rotations: RotationStart,
    private readonly audit: AuditTrail,
  ) {}

  /** Rotates now. An emergency is accepted at any time. Throws CUSTOMER_NOT_FOUND, CUSTOMER_OFFBOARDED, CUSTOMER_NOT_READY, and for a graceful one ROTATION_ACTIVE or CUSTOMER_BUSY. */
  start(
    customerId: string,
    { mode, reason }: { mode: 'graceful' | 'emergency'; reason: string },
    caller: Caller,
    trace: RequestTrace,
  ): Promise<Run> {
    return this.#begin(customerId, reason, caller, trace, (tx, unfinished, request) =>
      mode === 'emergency'
        ? this.rotations.beginEmergency(tx, unfinished, request)
        : this.rotations.beginGraceful(tx, unfinished, request),
    );
  }

  /** Goes back to the secret before the last, as long as the last rotation is in its grace. Throws what `start` throws, and NOTHING_TO_ROLL_BACK. */
  rollback(customerId: string, { reason }: { reason: string }, caller: Caller, trace: RequestTrace): Promise<Run> {
    return this.#begin(customerId, reason, caller, trace, async (tx, unfinished, request) => {
      const inGrace = unfinished.find((run) => isInGrace(run.step));
      const [previous] = await tx.$queryRaw<{ id: string }[]>`
        SELECT id FROM secret_versions WHERE customer_id = ${customerId}::uuid AND state = 'previous' AND retired_at IS NULL
        ORDER BY version DESC LIMIT 1`;
      if (inGrace === undefined || previous === undefined) throw nothingToRollBack(customerId);
      return this.rotations.beginRollback(tx, inGrace, previous.id, request);
    });
  }

  /** Notes that the OEM uses this version; what waited for it goes on. Throws CUSTOMER_NOT_FOUND, CUSTOMER_OFFBOARDED, CUSTOMER_NOT_READY or VERSION_NOT_CURRENT. */
  async acknowledge(customerId: string, version: number, caller: Caller, requestId: string): Promise<void> {
    const woken = await this.database.sqlTransaction(async (tx) => {
      const unfinished = await this.succession.listUnfinished(tx, customerId, 'rotation');
      const { rotation } = await this.#getReady(tx, customerId);
      const [current] = await tx.$queryRaw<{ id: string; version: number; acknowledgedAt: Date | null }[]>`
        SELECT id, version, acknowledged_at AS "acknowledgedAt" FROM secret_versions
        WHERE customer_id = ${customerId}::uuid AND state = 'current' FOR UPDATE`;
      if (current?.version !== version) throw versionNotCurrent(version, current?.version);
      if (current.acknowledgedAt !== null) return undefined;
      await tx.$executeRaw`UPDATE secret_versions SET acknowledged_at = now() WHERE id = ${current.id}::uuid`;
      const reason = `The OEM uses version ${version}.`;
      const run = await this.#endWait(tx, unfinished, rotation, { reason, actor: caller.actor, requestId });
      await this.audit.append(tx, {
        chain: customerId,
        action: 'acknowledgement.received',
        actor: caller.actor,
        subject: { customerId, secretVersionId: current.id },
        data: { version },
        requestId,
      });
      return run;
    });
    if (woken !== undefined) this.runs.wake(woken);
  }

  /** Notes, in the transaction of a read of the credentials, that this version was given out; returns the run that waited for it, to be woken after the commit. */
  async noteRead(
    tx: Sql,
    customerId: string,
    secretVersionId: string,
    by: { actor: string; requestId: string },
  ): Promise<Run | undefined> {
    const [unread] = await tx.$queryRaw<{ rotation: unknown }[]>`
      SELECT rotation FROM secret_versions JOIN customers ON customers.id = customer_id
      WHERE secret_versions.id = ${secretVersionId}::uuid AND first_read_at IS NULL`;
    if (unread === undefined) return undefined;
    const unfinished = await this.succession.listUnfinished(tx, customerId, 'rotation');
    await tx.$executeRaw`
      UPDATE secret_versions SET first_read_at = now() WHERE id = ${secretVersionId}::uuid AND first_read_at IS NULL`;
    return this.#endWait(tx, unfinished, unread.rotation, { ...by, reason: 'The new credentials were read.' });
  }

  async #begin(
    customerId: string,
    reason: string,
    caller: Caller,
    trace: RequestTrace,
    work: (tx: Sql, unfinished: readonly Run[], request: RotationRequest) => Promise<Run>,
  ): Promise<Run> {
    const run = await this.database.sqlTransaction(async (tx) => {
      const unfinished = await this.succession.listUnfinished(tx, customerId, 'rotation');
      const { rotation } = await this.#getReady(tx, customerId);
      return work(tx, unfinished, { customerId, rotation, reason, actor: caller.actor, ...trace });
    });
    this.runs.wake(run);
    return run;
  }

  /** Asked once the customer's rotations are held: an offboarding that was accepted before is seen. */
  async #getReady(tx: Sql, customerId: string): Promise<CustomerRow> {
    const [customer] = await tx.$queryRaw<CustomerRow[]>`
      SELECT state::text AS state, rotation FROM customers WHERE id = ${customerId}::uuid`;
    if (customer === undefined) throw customerNotFound(customerId);
    assertUsable(customerId, customer.state, 'secret to rotate');
    return customer;
  }

  async #endWait(
    tx: Sql,
    unfinished: readonly Run[],
    rotation: unknown,
    by: { reason: string; actor: string; requestId: string },
  ): Promise<Run | undefined> {
    const waiting = unfinished.find((run) => isInGrace(run.step));
    return waiting && this.rotations.goOn(tx, waiting, rotation, by);
  }
}

const nothingToRollBack = (customerId: string): DomainError =>
  new DomainError(
    'conflict',
    'NOTHING_TO_ROLL_BACK',
    `No rotation of the customer "${customerId}" is in its grace, so there is no older secret to go back to. Rotate again instead.`,
  );

const versionNotCurrent = (version: number, current: number | undefined): DomainError =>
  new DomainError(
    'conflict',
    'VERSION_NOT_CURRENT',
    `Version ${version} is not the current one${current === undefined ? '' : `, which is ${current}`}. Read the credentials again, and acknowledge what you then use.`,
    { facts: { version: current ?? 0 } },
  );
