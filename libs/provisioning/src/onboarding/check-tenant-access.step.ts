import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import { OAuthClientsApi } from '@app/qlik';
import type { Completed, RunEvent, RunView, Step, StepContext } from '@app/runs';
import { Vault } from '@app/vault';
import { z } from 'zod';
import { type CustomerTarget, CustomerTargets } from '../customer-targets.js';
import { callsOf } from '../qlik-calls.js';
import { CLIENT_PREFIX } from './client-name.js';
import { type ClientsLeft, sortOutClients } from './clients-left.js';

const Output = z.object({
  tenantHost: z.string(),
  /** CLIENTS_UNRECOGNISED: clients that bear our marker and that no row of ours explains; they are left alone. */
  unrecognisedClients: z.number(),
});
type Output = z.output<typeof Output>;

/** Proves, before anything is made, that the parent client may enter the tenant and see its OAuth clients, and that a secret could be sealed. */
@Injectable()
export class CheckTenantAccessStep implements Step<Output> {
  readonly name = 'check-tenant-access';
  readonly output = Output;
  readonly retry = { maxAttempts: 8, baseMs: 500, maxMs: 60_000 };
  /** What was found, for as long as the run is held: in between, nobody else makes a client for it. */
  readonly #found = new WeakMap<RunView, ClientsLeft>();

  constructor(
    private readonly targets: CustomerTargets,
    private readonly oauthClients: OAuthClientsApi,
    private readonly vault: Vault,
    private readonly database: Database,
  ) {}

  async run(context: StepContext): Promise<Completed<Output>> {
    const target = await this.targets.get(context.run);
    const [{ unrecognised }] = await Promise.all([
      this.#look(context, target),
      this.vault.ensureDataKey({ kind: 'customer', id: target.customerId }),
    ]);
    return {
      output: { tenantHost: target.tenantHost, unrecognisedClients: unrecognised },
      commit: (): Promise<RunEvent[]> =>
        Promise.resolve(
          unrecognised === 0 ? [] : [{ action: 'oauth_client.unrecognised', data: { count: unrecognised } }],
        ),
    };
  }

  /** The names of clients that were made for the customer and that no row records, the oldest client's first; looked for anew unless this step ran under the same claim. */
  async listLeft(context: StepContext, target: CustomerTarget): Promise<string[]> {
    return (this.#found.get(context.run) ?? (await this.#look(context, target))).names;
  }

  async #look(context: StepContext, { customerId, tenantHost }: CustomerTarget): Promise<ClientsLeft> {
    const found = await this.oauthClients.listByPrefix(tenantHost, CLIENT_PREFIX, callsOf(context));
    const recorded =
      found.length === 0
        ? []
        : await this.#findRecorded(
            tenantHost,
            found.map(({ clientName }) => clientName),
          );
    const left = sortOutClients(customerId, found, recorded);
    this.#found.set(context.run, left);
    return left;
  }

  async #findRecorded(tenantHost: string, names: string[]): Promise<string[]> {
    const rows = await this.database.sql.$queryRaw<{ name: string }[]>`
      SELECT client_name AS name FROM oauth_clients WHERE tenant_host = ${tenantHost} AND client_name = ANY(${names}::text[])`;
    return rows.map(({ name }) => name);
  }
}
