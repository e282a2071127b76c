import { CustomersReader } from '@app/customers';
import { PausesService, RunsReader } from '@app/runs';
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
    const [[run], [customer]] = await Promise.all([
      this.runs.get(runId).then((row) => this.pauses.addPauses([row])),
      this.customers.get(customerId).then((row) => this.secretVersions.addCurrent([row])),
    ]);
    return { customer: showCustomer(customer!), run: showRun(run!) };
  }
}
