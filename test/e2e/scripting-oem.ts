import { expect } from '@jest/globals';
import { TenantClient } from '../../apps/sandbox/testing/tenant-client.js';
import { parentClient, Stack } from '../stack.js';

/** A client that the OEM's script had made, with the first of its secrets. */
export interface Scripted {
  name: string;
  tenant: TenantClient;
  clientId: string;
  clientSecret: string;
  hint: string;
}

/** An OEM whose script made clients before it signs up their customers. */
export class ScriptingOem {
  private constructor(readonly stack: Stack) {}

  static async start(log?: { write(line: string): void }): Promise<ScriptingOem> {
    const env = {
      ROTATION_GRACE_SECONDS: '0.3',
      ROTATION_ACKNOWLEDGEMENT: 'none',
      RECONCILIATION_INTERVAL_SECONDS: '3600',
    };
    return new ScriptingOem(await Stack.start({ env, ...(log === undefined ? {} : { log }) }));
  }

  close(): Promise<void> {
    return this.stack.close();
  }

  async script(name: string, fields: object = {}): Promise<Scripted> {
    const parent = [parentClient.clientId, parentClient.clientSecret] as const;
    const tenant = await TenantClient.connect(this.stack.sandbox.url, `${name}.eu.qlikcloud.com`, ...parent);
    const { clientId, clientSecret, clientSecrets } = await tenant.create({ clientName: 'portal', ...fields });
    return { name, tenant, clientId, clientSecret, hint: clientSecrets?.[0]?.hint ?? '' };
  }

  /** One more secret, made by the OEM's script with the same parent client that we use. */
  async addSecret({ tenant, clientId }: Scripted): Promise<{ hint: string; secret: string }> {
    const { status, body } = await tenant.api('POST', `/${clientId}/client-secrets`);
    expect(status).toBe(201);
    return { hint: body.hint, secret: body.clientSecret };
  }

  signUp(name: string, existingClient: object, more: object = {}, key = `onboard-${name}`) {
    return this.stack.call('POST', '/v1/customers', {
      headers: { 'idempotency-key': key },
      body: { externalId: name, name, tenantHost: `${name}.eu.qlikcloud.com`, existingClient, ...more },
    });
  }

  /** Signs up a customer with its client, and returns it with its run at its end. */
  async onboard(name: string, existingClient: object, more: object = {}) {
    const { status, body } = await this.signUp(name, existingClient, more);
    expect({ status, code: body.code }).toEqual({ status: 202, code: undefined });
    return { customerId: body.customer.id as string, run: await this.stack.runEnd(body.run.id) };
  }

  /** A customer that is ready, with the client that it was signed up with. */
  async ready(scripted: Scripted, existingClient: object, more: object = {}): Promise<string> {
    const { customerId, run } = await this.onboard(scripted.name, existingClient, more);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    return customerId;
  }

  async hintsOf({ name, clientId }: Scripted): Promise<string[]> {
    return (await this.stack.state(name)).clients.find((client: any) => client.clientId === clientId).hints;
  }

  async credentials(customerId: string) {
    return (await this.stack.call('GET', `/v1/customers/${customerId}/credentials`)).body;
  }

  async acknowledge(customerId: string, version: number): Promise<void> {
    const path = `/v1/customers/${customerId}/credentials/acknowledgements`;
    expect((await this.stack.call('POST', path, { body: { version } })).status).toBe(204);
  }

  async versions(customerId: string) {
    return (await this.stack.call('GET', `/v1/customers/${customerId}/secret-versions`)).body.secretVersions;
  }

  async events(customerId: string): Promise<any[]> {
    const { body } = await this.stack.call('GET', `/v1/audit-events?customerId=${customerId}&limit=100`);
    return body.events.reverse();
  }

  async actions(customerId: string) {
    return (await this.events(customerId)).map(({ action }) => action);
  }

  async works({ tenant, clientId }: Scripted, secret: string): Promise<boolean> {
    return (await tenant.tokenFor(clientId, secret)).status === 200;
  }

  async rotate(customerId: string, mode = 'graceful') {
    const { status, body } = await this.stack.call('POST', `/v1/customers/${customerId}/rotations`, {
      body: { mode, reason: 'a test' },
    });
    expect(status).toBe(202);
    return this.stack.runEnd(body.id);
  }

  /** Begins a rotation, and returns the id of its run once that is in its grace. */
  async beginRotation(customerId: string): Promise<string> {
    const { status, body } = await this.stack.call('POST', `/v1/customers/${customerId}/rotations`, {
      body: { mode: 'graceful', reason: 'a test' },
    });
    expect(status).toBe(202);
    await this.stack.runWhen(body.id, ({ step }) => step === 'grace');
    return body.id;
  }

  async change(runId: string, what: 'retry' | 'cancel') {
    const { headers } = await this.stack.call('GET', `/v1/runs/${runId}`);
    const options = { headers: { 'if-match': String(headers.etag) }, body: { reason: 'a test' } };
    const { status } = await this.stack.call('POST', `/v1/runs/${runId}/${what}`, options);
    expect(status).toBe(202);
    return this.stack.runWhen(runId, ({ state }) => (what === 'cancel' ? state === 'cancelled' : isAtEnd(state)));
  }

  /** Compares the customer with Qlik now, and returns the run at its end. */
  async compare(customerId: string) {
    const { sql } = this.stack.test.database;
    const path = `/v1/runs?customerId=${customerId}&plan=reconciliation`;
    const [last] = (await this.stack.call('GET', path)).body.runs;
    await sql.$executeRaw`UPDATE customers SET next_reconciliation_at = now() WHERE id = ${customerId}::uuid`;
    for (const giveUpAt = Date.now() + 15_000; Date.now() < giveUpAt;) {
      const [run] = (await this.stack.call('GET', path)).body.runs;
      const isAnew = run !== undefined && (run.id !== last?.id || run.finishedAt !== last.finishedAt);
      if (isAnew && isAtEnd(run.state)) return this.stack.runEnd(run.id);
    }
    throw new Error(`The customer "${customerId}" was not compared.`);
  }
}

const isAtEnd = (state: string) => ['succeeded', 'failed', 'needs_attention'].includes(state);
