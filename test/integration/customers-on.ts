import { AuditTrail } from '@app/audit';
import { CustomersReader, CustomersService, CustomerStates, ExistingClientsRepository } from '@app/customers';
import type { Database } from '@app/platform';
import { RunsReader, RunsService, RunSuccession, RunWaker } from '@app/runs';
import { pino } from 'pino';
import type { CustomersRepository } from '../../libs/customers/src/customers.repository.js';
import { ExistingClientAcceptance } from '../../libs/customers/src/existing-client/existing-client-acceptance.js';

/** What accepts customers on this database, wired by hand; `wake` hears of each run's wake-up. */
export function customersOn(
  database: Database,
  customers: CustomersRepository,
  wake: (runId: string) => void = () => undefined,
): CustomersService {
  const audit = new AuditTrail(database);
  const wakeUps = { send: ({ runId }: { runId: string }) => Promise.resolve(wake(runId)) };
  const waker = new RunWaker(wakeUps as never, pino({ level: 'silent' }));
  return new CustomersService(
    database,
    customers,
    new CustomersReader(database),
    new CustomerStates(),
    new RunsService(database, audit, waker),
    new RunsReader(database),
    new RunSuccession(audit),
    // Rotations have tests of their own.
    undefined as never,
    audit,
    new ExistingClientAcceptance(new ExistingClientsRepository()),
  );
}
