import { request } from 'undici';
import { z } from 'zod';

const Step = z.object({
  name: z.string(),
  state: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
});
const Run = z.object({
  id: z.string(),
  state: z.string(),
  steps: z.array(Step),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type RunProgress = z.output<typeof Run>;

const Customer = z.object({ id: z.string(), externalId: z.string(), state: z.string() });
const Accepted = z.object({ customer: Customer, run: Run });
const Credentials = z.object({ tenantHost: z.string(), clientId: z.string(), clientSecret: z.string() });

export interface SampleCustomer {
  externalId: string;
  name: string;
  tenantHost: string;
}

/** The API as an OEM's signup backend calls it. */
export class ApiClient {
  constructor(
    private readonly url: string,
    private readonly apiKey: string,
  ) {}

  /** Onboards a customer; asked again, it finds the same one. */
  async onboard(customer: SampleCustomer): Promise<z.output<typeof Accepted>> {
    return this.#call(Accepted, '/v1/customers', {
      method: 'POST',
      body: customer,
      idempotencyKey: `quickstart-${customer.externalId}`,
    });
  }

  getRun(runId: string): Promise<RunProgress> {
    return this.#call(Run, `/v1/runs/${runId}`);
  }

  getCustomer(id: string): Promise<z.output<typeof Customer>> {
    return this.#call(Customer, `/v1/customers/${id}`);
  }

  getCredentials(customerId: string): Promise<z.output<typeof Credentials>> {
    return this.#call(Credentials, `/v1/customers/${customerId}/credentials`);
  }

  async #call<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    { method = 'GET', body, idempotencyKey }: { method?: 'GET' | 'POST'; body?: object; idempotencyKey?: string } = {},
  ): Promise<z.output<Schema>> {
    const response = await request(new URL(path, this.url), {
      method,
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const answer: unknown = await response.body.json();
    if (response.statusCode >= 300) {
      const { detail, title } = answer as { detail?: string; title?: string };
      throw new Error(`${method} ${path} answered ${response.statusCode}: ${detail ?? title ?? 'no reason given'}`);
    }
    return schema.parse(answer);
  }
}
