import { CustomersReader, type CustomerWithRun } from '@app/customers';
import { PausesService, type RunDetails, RunsReader } from '@app/runs';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { showRun } from '../runs/run.schema.js';
import { SecretVersionsReader } from '../secret-versions/secret-versions.reader.js';
import { type AcceptedCustomer, showCustomer } from './customer.schema.js';

/** Reads a customer together with the run that a request began, as the API shows both. */
@Injectable()
export class CustomerWithRunReader {
  constructor(
    private readonly customers: CustomersReader,
    private readonly runs: RunsReader,
    private readonly pauses: PausesService,
    private readonly secretVersions: SecretVersionsReader,
  ) {}

  /** Throws CUSTOMER_NOT_FOUND or RUN_NOT_FOUND. */
  async get(customerId: string, runId: string): Promise<z.output<typeof AcceptedCustomer>> {
    const [customer, run] = await Promise.all([this.customers.get(customerId), this.runs.get(runId)]);
    const [shown] = await this.show([{ customer, run }]);
    return shown!;
  }

  /** Each customer with its run, in one query for the secrets of all of them and one for the pauses. */
  async show(
    pairs: readonly { customer: CustomerWithRun; run: RunDetails }[],
  ): Promise<z.output<typeof AcceptedCustomer>[]> {
    const [runs, customers] = await Promise.all([
      this.pauses.addPauses(pairs.map(({ run }) => run)),
      this.secretVersions.addCurrent(pairs.map(({ customer }) => customer)),
    ]);
    return customers.map((customer, index) => ({ customer: showCustomer(customer), run: showRun(runs[index]!) }));
  }
}
