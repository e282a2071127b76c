import { inputOfNext } from '@app/customers';
import { Injectable } from '@nestjs/common';
import { type CallContext, ConnectionConfigsApi, OAuthClientsApi, QlikError } from '@app/qlik';
import type { RunView, StepContext } from '@app/runs';
import { CLIENT_PREFIX } from '../onboarding/client-name.js';
import { type CustomerTarget, CustomerTargets } from '../customer-targets.js';
import { callsOf } from '../qlik-calls.js';
import type { Finding } from './finding-kinds.js';
import { compareClient, type SeenClient } from './findings.js';
import { foundStillThere } from './found-still-there.js';
import { type RecordedClient, RecordedClientReader } from './recorded-client.reader.js';

/** How a customer's client at Qlik differs from what is recorded and wanted, and what that is. */
export interface Comparison {
  target: CustomerTarget;
  recorded: RecordedClient;
  findings: readonly Finding[];
}

/** Compares customers' clients at Qlik with our rows. Reads only. */
@Injectable()
export class ClientComparisons {
  readonly #made = new WeakMap<RunView, Comparison>();

  constructor(
    private readonly targets: CustomerTargets,
    private readonly recordedClients: RecordedClientReader,
    private readonly oauthClients: OAuthClientsApi,
    private readonly connectionConfigs: ConnectionConfigsApi,
  ) {}

  /** What a former step found under the same claim, else made anew. */
  async get(context: StepContext): Promise<Comparison> {
    return this.#made.get(context.run) ?? (await this.getAnew(context));
  }

  /**
   * Looks at the rows, then at Qlik. Before a repair, what somebody asked to be changed is looked for also where Qlik shows nothing of it, or
   * refused it before; `repaired` says that it was set just now, and whether the origins were refused.
   */
  async getAnew(context: StepContext, repaired?: { originsRefused: boolean }): Promise<Comparison> {
    const target = await this.targets.get(context.run);
    const row = await this.recordedClients.getActive(target.customerId);
    const changed = repaired ? [] : inputOfNext({ intent: context.intent, input: context.run.input }).changed;
    const originsRefused = repaired?.originsRefused ?? (row.originsRefused && !changed.includes('allowedOrigins'));
    const seen = await this.#look(target.tenantHost, row.clientId, callsOf(context));
    const { client } = seen;
    const found = row.found === null || client === undefined ? row.found : foundStillThere(row.found, client, target);
    const recorded = { ...row, originsRefused, found };
    const comparison = { target, recorded, findings: compareClient(target, recorded, seen, changed) };
    this.#made.set(context.run, comparison);
    return comparison;
  }

  async #look(host: string, clientId: string, calls: CallContext): Promise<SeenClient> {
    const client = await unlessAbsent(this.oauthClients.get(host, clientId, calls));
    const [config, marked] = await Promise.all([
      client === undefined ? undefined : unlessAbsent(this.connectionConfigs.get(host, clientId, calls)),
      this.oauthClients.listByPrefix(host, CLIENT_PREFIX, calls),
    ]);
    return { client, consentMethod: config?.consentMethod ?? client?.connectionConfig?.consentMethod, marked };
  }
}

async function unlessAbsent<Found>(reading: Promise<Found>): Promise<Found | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof QlikError && error.code === 'CLIENT_NOT_FOUND') return undefined;
    throw error;
  }
}
