import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@app/audit';
import { CustomerChangesService, CustomersService, OffboardingsService, RotationsService } from '@app/customers';
import { DomainError, type Run } from '@app/platform';
import type { Type } from '@nestjs/common';
import { MortalWorkers, type Onboarding } from '../mortal-workers.js';

/** Customers of each race: enough for either side to win some. */
const RACES = 12;

let workers: MortalWorkers;

beforeAll(async () => {
  workers = await MortalWorkers.start();
});
afterAll(() => workers.close());

const trace = { requestId: 'request-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
const caller = { id: 'test', actor: 'operator:ann' };

const get = <Service>(service: Type<Service>): Service => workers.healthy.get(service, { strict: false });
const offboard = (customerId: string) => get(OffboardingsService).begin(customerId, caller, trace);

async function ready(): Promise<Onboarding> {
  const onboarding = await workers.accept();
  await workers.deliver(workers.healthy, onboarding.runId);
  return onboarding;
}

/** The code of the refusal, or undefined for what was accepted. */
const codeOf = (asking: Promise<unknown>): Promise<string | undefined> =>
  asking.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof DomainError) return error.code;
      throw error;
    },
  );

/** The customer's runs that are not done, other than its offboarding. */
const openBeside = async (customerId: string): Promise<Run[]> =>
  workers.test.database.client.run.findMany({
    where: { customerId, plan: { not: 'offboarding' }, state: { notIn: ['succeeded', 'cancelled'] } },
  });

/** Races `request` against the offboarding of customers made by `make`; whoever is first, nothing goes on beside an offboarding that was accepted. */
async function race(
  make: () => Promise<Onboarding>,
  request: (onboarding: Onboarding) => Promise<unknown>,
  refusals: readonly string[],
): Promise<void> {
  const customers = await Promise.all(Array.from({ length: RACES }, () => make()));
  await Promise.all(
    customers.map(async (customer) => {
      const [offboarding, other] = await Promise.all([
        codeOf(offboard(customer.customerId)),
        codeOf(request(customer)),
      ]);
      expect(['CUSTOMER_BUSY', undefined]).toContain(offboarding);
      expect([...refusals, undefined]).toContain(other);
      if (offboarding === 'CUSTOMER_BUSY') expect(await codeOf(offboard(customer.customerId))).toBeUndefined();
      expect(await openBeside(customer.customerId)).toEqual([]);
    }),
  );
}

describe('an offboarding that is asked for at the same time as', () => {
  it('itself begins once', async () => {
    const { customerId } = await ready();
    const runs = await Promise.all(Array.from({ length: 10 }, () => offboard(customerId)));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    const { events } = await new AuditTrail(workers.test.database).list({ customerId, limit: 100 });
    expect(events.filter(({ action }) => action === 'customer.offboarding')).toHaveLength(1);
  });

  it.each(['graceful', 'emergency'] as const)('a rotation leaves none beside it (%s)', (mode) =>
    race(
      ready,
      ({ customerId }) => get(RotationsService).start(customerId, { mode, reason: 'a test' }, caller, trace),
      ['CUSTOMER_OFFBOARDED', 'CUSTOMER_BUSY'],
    ),
  );

  it('a change leaves no comparison beside it', () =>
    race(ready, ({ customerId }) => get(CustomerChangesService).change(customerId, { scopes: ['a'] }, caller, trace), [
      'CUSTOMER_OFFBOARDED',
      'CUSTOMER_BUSY',
    ]));

  it('the retry of a cancelled onboarding leaves that cancelled', () =>
    race(
      cancelled,
      async ({ runId }) => {
        const { revision } = await workers.test.database.client.run.findUniqueOrThrow({ where: { id: runId } });
        const change = { revision, reason: 'again', actor: 'test', requestId: 'request-2' };
        return get(CustomersService).retryRun(runId, change);
      },
      ['CUSTOMER_OFFBOARDED', 'CUSTOMER_BUSY', 'RUN_CHANGED', 'RUN_SUPERSEDED'],
    ));

  async function cancelled(): Promise<Onboarding> {
    const onboarding = await workers.accept();
    const change = { revision: 1, reason: 'no', actor: 'test', requestId: 'request-2' };
    await get(CustomersService).cancelRun(onboarding.runId, change);
    await workers.deliver(workers.healthy, onboarding.runId);
    return onboarding;
  }
});
