import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { CustomersReader, type CustomersService, CustomerStates, type NewCustomer } from '@app/customers';
import { CustomersRepository } from '../../libs/customers/src/customers.repository.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { customersOn } from './customers-on.js';

const caller = { id: 'key-1', actor: 'api-key:key-1' };
const trace = { requestId: 'request-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };

let test: TestDatabase;
let service: CustomersService;
let serviceOn: (customers: CustomersRepository) => CustomersService;
let reader: CustomersReader;
let woken: string[];
let number = 0;

beforeAll(async () => {
  test = await createTestDatabase();
  woken = [];
  const { database } = test;
  reader = new CustomersReader(database);
  serviceOn = (customers) => customersOn(database, customers, (runId) => void woken.push(runId));
  service = serviceOn(new CustomersRepository(database));
});

afterAll(() => test.close());

function input(changes: Partial<NewCustomer> = {}): NewCustomer {
  number += 1;
  return {
    externalId: `oem-${number}`,
    name: `Customer ${number}`,
    tenantHost: `oem-${number}.eu.qlikcloud.com`,
    redirectUris: [],
    allowedOrigins: [],
    scopes: ['user_default'],
    metadata: {},
    ...changes,
  };
}

const counts = async () => {
  const { customer, run, idempotencyKey, auditEvent } = test.database.client;
  return Promise.all([customer.count(), run.count(), idempotencyKey.count(), auditEvent.count()]);
};

/** Resolves once a statement in this database waits for a lock. */
async function waitForLockWait(): Promise<void> {
  for (;;) {
    const waiting = await test.database.sql.$queryRaw<unknown[]>`
      SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    if (waiting.length > 0) return;
  }
}

describe('CustomersService.accept', () => {
  it('writes key, customer, run and audit event together, and wakes the run', async () => {
    const before = await counts();
    const { customer, run, replayed } = await service.accept(input({ name: 'Ünïcode 🙂' }), caller, 'together', trace);
    expect(replayed).toBe(false);
    expect(await counts()).toEqual(before.map((count) => count + 1));
    expect(woken).toContain(run.id);
    expect(await reader.get(customer.id)).toEqual({ ...customer, currentRunId: run.id });
    const [event] = (await new AuditTrail(test.database).list({ customerId: customer.id, limit: 10 })).events;
    expect(event).toMatchObject({
      action: 'customer.accepted',
      actor: 'api-key:key-1',
      subject: { customerId: customer.id, runId: run.id },
      data: {},
      requestId: 'request-1',
    });
    expect(JSON.stringify(event)).not.toContain('code 🙂');
    const day = run.deadlineAt.getTime() - run.createdAt.getTime();
    expect(day).toBe(86_400_000);
  });

  it('gives the same customer for the same key and body, whatever the order of members', async () => {
    const body = input({ metadata: { a: '1', b: '2' } });
    const first = await service.accept(body, caller, 'again', trace);
    const again = await service.accept({ ...body, metadata: { b: '2', a: '1' } }, caller, 'again', trace);
    expect(again).toMatchObject({ replayed: true, customer: { id: first.customer.id }, run: { id: first.run.id } });
  });

  it('refuses the same key with another body, and writes nothing', async () => {
    const body = input();
    const { customer } = await service.accept(body, caller, 'other-body', trace);
    const before = await counts();
    await expect(service.accept({ ...body, name: 'Other' }, caller, 'other-body', trace)).rejects.toMatchObject({
      kind: 'invalid',
      code: 'IDEMPOTENCY_KEY_REUSED',
      facts: { customerId: customer.id },
    });
    expect(await counts()).toEqual(before);
  });

  it('keeps the keys of two callers apart', async () => {
    const mine = await service.accept(input(), caller, 'shared', trace);
    const theirs = await service.accept(input(), { id: 'key-2', actor: 'api-key:key-2' }, 'shared', trace);
    expect(theirs.customer.id).not.toBe(mine.customer.id);
  });

  it('forgets a key after 30 days', async () => {
    const { customer } = await service.accept(input(), caller, 'old', trace);
    const { expiresAt, createdAt } = await test.database.client.idempotencyKey.findFirstOrThrow({
      where: { customerId: customer.id },
    });
    expect(expiresAt.getTime() - createdAt.getTime()).toBe(30 * 86_400_000);
    await test.database.client.idempotencyKey.updateMany({
      where: { customerId: customer.id },
      data: { expiresAt: new Date(0) },
    });
    const next = await service.accept(input(), caller, 'old', trace);
    expect(next.replayed).toBe(false);
    expect(next.customer.id).not.toBe(customer.id);
    expect(await service.accept(input(), caller, 'old', trace).catch((error: unknown) => error)).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it.each([
    ['externalId', 'EXTERNAL_ID_TAKEN'],
    ['tenantHost', 'TENANT_HOST_TAKEN'],
  ] as const)('refuses a taken %s, names its customer, and leaves the key unused', async (field, code) => {
    const body = input();
    const { customer } = await service.accept(body, caller, `holder-${field}`, trace);
    const before = await counts();
    const taken = input({ [field]: body[field] });
    await expect(service.accept(taken, caller, `taker-${field}`, trace)).rejects.toMatchObject({
      kind: 'conflict',
      code,
      facts: { customerId: customer.id },
    });
    expect(await counts()).toEqual(before);
    await test.database.client.customer.update({ where: { id: customer.id }, data: { state: 'offboarded' } });
    expect(await service.accept(taken, caller, `taker-${field}`, trace)).toMatchObject({ replayed: false });
  });

  it('asks for the same request again if the holder was offboarded before anybody looked who it is', async () => {
    const body = input();
    const { customer } = await service.accept(body, caller, 'leaving', trace);
    class Late extends CustomersRepository {
      override async findLive(externalId: string, tenantHost: string) {
        await test.database.client.customer.update({ where: { id: customer.id }, data: { state: 'offboarded' } });
        return super.findLive(externalId, tenantHost);
      }
    }
    await expect(serviceOn(new Late(test.database)).accept(body, caller, 'coming', trace)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'IDEMPOTENCY_IN_PROGRESS',
      retryAfterSeconds: 1,
    });
    expect(await service.accept(body, caller, 'coming', trace)).toMatchObject({ replayed: false });
  });

  it('makes one customer of 50 equal requests at once', async () => {
    const body = input();
    const answers = await Promise.all(Array.from({ length: 50 }, () => service.accept(body, caller, 'at-once', trace)));
    expect(new Set(answers.map(({ customer }) => customer.id)).size).toBe(1);
    expect(new Set(answers.map(({ run }) => run.id)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await test.database.client.customer.count({ where: { externalId: body.externalId } })).toBe(1);
  });

  it('gives up on an equal request that is under way for too long', async () => {
    const body = input();
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    let held!: () => void;
    const holding = new Promise<void>((resolve) => (held = resolve));
    const holder = test.database.transaction(async (tx) => {
      await new CustomersRepository(test.database).insert(tx, crypto.randomUUID(), body, {
        caller: caller.id,
        key: 'slow',
        requestHash: 'x',
      });
      held();
      await released;
      throw new Error('rolled back');
    });
    const rolledBack = expect(holder).rejects.toThrow('rolled back');
    await holding;
    await expect(service.accept(body, caller, 'slow', trace)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'IDEMPOTENCY_IN_PROGRESS',
    });
    release();
    await rolledBack;
    expect(await service.accept(body, caller, 'slow', trace)).toMatchObject({ replayed: false });
  }, 20_000);
});

describe('CustomersService.retryRun', () => {
  it('puts a failed customer back to onboarding together with its run', async () => {
    const { customer, run } = await service.accept(input(), caller, 'retry', trace);
    await test.database.client.run.update({ where: { id: run.id }, data: { state: 'failed', holdsSlot: false } });
    await test.database.transaction((tx) => new CustomerStates().change(tx, customer.id, 'failed'));
    const change = { revision: run.revision, reason: 'tenant is back', actor: 'operator:jane', requestId: 'request-2' };
    await service.retryRun(run.id, change);
    expect(await reader.get(customer.id)).toMatchObject({ state: 'onboarding', currentRunId: run.id });
    expect(await test.database.client.run.findUnique({ where: { id: run.id } })).toMatchObject({ state: 'queued' });
  });

  it('leaves a ready customer ready', async () => {
    const { customer, run } = await service.accept(input(), caller, 'retry-ready', trace);
    await test.database.client.run.update({ where: { id: run.id }, data: { state: 'needs_attention' } });
    await test.database.transaction((tx) => new CustomerStates().change(tx, customer.id, 'ready'));
    await service.retryRun(run.id, { revision: run.revision, reason: 'again', actor: 'a', requestId: 'r' });
    expect(await reader.get(customer.id)).toMatchObject({ state: 'ready' });
  });
});

describe('CustomerStates.change', () => {
  it('sets readyAt once, does nothing for the same state, and refuses what may not follow', async () => {
    const states = new CustomerStates();
    const { customer } = await service.accept(input(), caller, 'states', trace);
    const go = (to: 'ready' | 'degraded' | 'onboarding') =>
      test.database.transaction((tx) => states.change(tx, customer.id, to));
    await go('ready');
    const { readyAt } = await reader.get(customer.id);
    expect(readyAt).toBeInstanceOf(Date);
    await go('ready');
    await go('degraded');
    await go('ready');
    expect(await reader.get(customer.id)).toMatchObject({ state: 'ready', readyAt });
    await expect(go('onboarding')).rejects.toThrow('A customer cannot go from "ready" to "onboarding".');
  });

  it('writes nothing for what may not follow, even if its transaction goes on', async () => {
    const { customer } = await service.accept(input(), caller, 'states-forbidden', trace);
    const before = await reader.get(customer.id);
    await test.database.sqlTransaction(async (tx) => {
      await expect(new CustomerStates().change(tx, customer.id, 'offboarded')).rejects.toThrow('cannot go from');
    });
    expect(await reader.get(customer.id)).toEqual(before);
  });

  it('waits for another change under way, and goes on from the state that it left', async () => {
    const states = new CustomerStates();
    const { customer } = await service.accept(input(), caller, 'states-at-once', trace);
    let second: Promise<void> | undefined;
    await test.database.sqlTransaction(async (tx) => {
      await states.change(tx, customer.id, 'ready');
      // Not possible from "onboarding", which is what it would see if it did not wait.
      second = test.database.sqlTransaction((other) => states.change(other, customer.id, 'degraded'));
      await waitForLockWait();
    });
    await second;
    const { state, readyAt } = await reader.get(customer.id);
    expect(state).toBe('degraded');
    expect(readyAt).toBeInstanceOf(Date);
  });

  it('says when there is no such customer', async () => {
    const id = '0195b1c0-0000-7000-8000-000000000000';
    await expect(test.database.transaction((tx) => new CustomerStates().change(tx, id, 'ready'))).rejects.toMatchObject(
      { code: 'CUSTOMER_NOT_FOUND' },
    );
  });
});

describe('CustomersReader.list', () => {
  it('pages newest first and ends', async () => {
    const all = (await reader.list({ limit: 1000 })).customers.map(({ id }) => id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await reader.list({ limit: 3, cursor });
      seen.push(...page.customers.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(all);
    expect([...all].sort().reverse()).toEqual(all);
  });

  it('finds by externalId, tenantHost, state, and part of a name taken literally', async () => {
    const { customer } = await service.accept(input({ name: '100%_Sure\\ly' }), caller, 'find', trace);
    await service.accept(input({ name: '100xySurely' }), caller, 'find-not', trace);
    const ids = async (query: object) => (await reader.list({ limit: 10, ...query })).customers.map(({ id }) => id);
    expect(await ids({ externalId: customer.externalId })).toEqual([customer.id]);
    expect(await ids({ tenantHost: customer.tenantHost, state: 'onboarding' })).toEqual([customer.id]);
    expect(await ids({ tenantHost: customer.tenantHost, state: 'ready' })).toEqual([]);
    expect(await ids({ q: '100%_SURE\\' })).toEqual([customer.id]);
    expect(await ids({ q: customer.externalId.toUpperCase() })).toEqual([customer.id]);
  });

  it('refuses a cursor that is none', async () => {
    await expect(reader.list({ limit: 10, cursor: 'x' })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });
});
