import { Secret } from '@app/platform';
import { type CallContext, QlikError, type QlikOperation } from '@app/qlik';
import type { QlikRequest } from '../../libs/qlik/src/transport.js';
import { type Fault, qlikError, refusal, takeForRefusal } from './qlik-errors.js';
import type { Call, ScheduledWork } from './scheduled-work.js';
import { CALL_TIMEOUT_MS } from './times.js';
import { Violation } from './violation.js';
import type { World } from './world.js';

/** Who makes our clients and secrets: the parent client's user. */
const OUR_USER = 'our-user';
const MAX_SECRETS = 5;

/** Of which somebody else makes at most so many: with all five theirs, nothing tells whose the client's first one was. */
const MOST_FOREIGN = 4;

/** Where Qlik says who made a secret: in the answer to its mint too, or not even in lists. */
export type MakersShown = 'everywhere' | 'in lists' | 'nowhere';

interface SecretAtTenant {
  value: string;
  hint: string;
  createdBy: string;
  createdAt: number;
}

interface ClientAtTenant {
  clientId: string;
  clientName: string;
  createdAt: number;
  deletedAt: number | null;
  trusted: boolean;
  isForeign: boolean;
  secrets: SecretAtTenant[];
}

/** What a tenant has, and what was ever done to it. */
export interface Tenant {
  clients: ClientAtTenant[];
  /** POSTs of clients that Qlik carried out. */
  accepted: number;
  deletedByUs: { clientIds: string[]; secrets: { clientId: string; hint: string }[] };
  deletedByAdmin: { clientIds: Set<string>; secrets: Set<string> };
  foreignDeleted: number;
}

/** Qlik Cloud, in the place of the calls with the parent's token. What is on its way lives here, not with the process that sent it. */
export class SimulatedQlik {
  readonly tenants = new Map<string, Tenant>();
  makersShown: MakersShown = 'everywhere';
  readonly #onTheirWay: Call[] = [];
  #faults: { fault: Fault; operation: QlikOperation }[] = [];
  #made = 0;
  readonly #recorded = new Set<string>();

  private readonly world: World;
  /** How long a list shows neither what is new nor what is gone. */
  private readonly lagMs: number;

  constructor(world: World, lagMs: number) {
    this.world = world;
    this.lagMs = lagMs;
  }

  openTenant(host: string): void {
    const foreign = (clientName: string): ClientAtTenant => ({
      ...this.#newClient(clientName),
      isForeign: true,
      secrets: [this.#newSecret('somebody', [])],
    });
    this.tenants.set(host, {
      clients: [
        foreign('portal'),
        foreign('tenant-provisioner/customer-of-another-installation/00'),
        foreign(`tenant-provisioner/customer-${host.split('.')[0]}/by hand`),
      ],
      accepted: 0,
      deletedByUs: { clientIds: [], secrets: [] },
      deletedByAdmin: { clientIds: new Set(), secrets: new Set() },
      foreignDeleted: 0,
    });
  }

  tenant(host: string): Tenant {
    const tenant = this.tenants.get(host);
    if (tenant === undefined) throw new Error(`There is no tenant "${host}".`);
    return tenant;
  }

  /** Strikes the next call of this operation. */
  addFault(fault: Fault, operation: QlikOperation): void {
    this.#faults.push({ fault, operation });
  }

  clearFaults(): void {
    this.#faults = [];
  }

  /** The parent's calls as one worker's execution makes them; stands in for ParentCalls. */
  callsOf(execution: ScheduledWork) {
    return {
      call: async (request: QlikRequest<never>, context: CallContext = {}): Promise<unknown> => {
        await context.beforeSend?.();
        const answer = execution.call(request.operation, request.host, (fault) => this.#act(request, fault));
        return this.world.broken === 'lost answers taken for refusals' ? answer.catch(takeForRefusal) : answer;
      },
    };
  }

  /** Sends a call off: from now on Qlik may carry it out, whatever becomes of the process. */
  send(call: Call): void {
    this.#onTheirWay.push(call);
    const isLate = this.world.now > call.startedAt + CALL_TIMEOUT_MS;
    const until = (isLate ? this.world.now : call.startedAt) + CALL_TIMEOUT_MS;
    this.world.setTimer(until, undefined, () => this.#drop(call));
  }

  /** Qlik carries out a call that is on its way, if there is any. */
  carryOut(call = this.#onTheirWay[0]): void {
    if (call === undefined || !this.#onTheirWay.includes(call)) return;
    this.#drop(call);
    const fault = this.#takeFault(call.operation);
    const answer = this.#answer(call, fault);
    // Whoever gave up in the meantime does not hear it.
    call.answer ??= answer;
    this.world.tell(`Qlik: ${call.operation}${fault === undefined ? '' : ` (${fault})`}`);
  }

  /** A token for a client; stands in for TokensApi. */
  authenticate(host: string, clientId: string, secret: string): void {
    const client = this.tenant(host).clients.find((one) => one.clientId === clientId && one.deletedAt === null);
    if (client?.secrets.some(({ value }) => value === secret) !== true)
      throw new QlikError('CREDENTIAL_REFUSED', { operation: 'token', host });
  }

  /** Somebody else mints a secret on one of our clients; where nobody is told who made it, not before we have recorded the client, and not as its only one. */
  addForeignSecret(host: string): void {
    const client = this.#ours(host)[0];
    if (client === undefined || client.secrets.length >= MAX_SECRETS) return;
    const hasOurs = client.secrets.some(({ createdBy }) => createdBy === OUR_USER);
    if (this.makersShown === 'nowhere' && !(hasOurs && this.#recorded.has(client.clientId))) return;
    if (client.secrets.filter(({ createdBy }) => createdBy !== OUR_USER).length >= MOST_FOREIGN) return;
    client.secrets.push(this.#newSecret('somebody', client.secrets));
    this.world.tell('somebody else adds a secret');
  }

  /** Somebody at the tenant reads the name of our client and makes a younger one whose name has the same form. */
  imitateClient(host: string): void {
    const [client] = this.#ours(host);
    if (client === undefined) return;
    const clientName = client.clientName.replace(/[^/]*$/, (this.#made + 1).toString(16).padStart(32, '0'));
    const secrets = [this.#newSecret('somebody', [])];
    const createdAt = this.world.now + 1;
    this.tenant(host).clients.push({ ...this.#newClient(clientName), createdAt, isForeign: true, secrets });
    this.world.tell(`somebody imitates ${client.clientId}`);
  }

  /** From its row on a client is ours, also one that was taken over and that somebody else had made. */
  recordClient(host: string, clientId: string): void {
    this.#recorded.add(clientId);
    for (const client of this.tenant(host).clients) if (client.clientId === clientId) client.isForeign = false;
  }

  /** Somebody at the tenant deletes a client of ours. */
  deleteClientByHand(host: string): void {
    const client = this.#ours(host)[0];
    if (client === undefined) return;
    client.deletedAt = this.world.now;
    this.tenant(host).deletedByAdmin.clientIds.add(client.clientId);
    this.world.tell(`somebody deletes ${client.clientId}`);
  }

  /** Somebody at the tenant deletes the newest secret of a client of ours; where nobody is told who made which, not so that somebody else's is the only one left. */
  deleteSecretByHand(host: string): void {
    const isMixed = this.#ours(host)[0]?.secrets.some(({ createdBy }) => createdBy !== OUR_USER);
    if (this.makersShown === 'nowhere' && isMixed === true) return;
    const secret = this.#ours(host)[0]
      ?.secrets.filter(({ createdBy }) => createdBy === OUR_USER)
      .at(-1);
    if (secret === undefined) return;
    for (const client of this.#ours(host)) client.secrets = client.secrets.filter((one) => one !== secret);
    this.tenant(host).deletedByAdmin.secrets.add(secret.value);
    this.world.tell(`somebody deletes the secret ${secret.hint}`);
  }

  /** An operator makes room on clients that are full: of what is not ours, else of the oldest of ours, which nobody uses. */
  makeRoomByHand(host: string): void {
    for (const client of this.tenant(host).clients.filter(({ secrets }) => secrets.length >= MAX_SECRETS)) {
      const ours = client.secrets.filter(({ createdBy }) => createdBy === OUR_USER);
      client.secrets = ours.length < MAX_SECRETS ? ours : ours.slice(1);
    }
  }

  #ours(host: string): ClientAtTenant[] {
    return this.tenant(host).clients.filter((client) => !client.isForeign && client.deletedAt === null);
  }

  #answer(call: Call, fault: Fault | undefined): NonNullable<Call['answer']> {
    if (fault === 'reset-before' || fault === 'rate-limited' || fault === 'forbidden')
      return { error: refusal(fault, call) };
    if (fault === 'bad-request' && call.operation === 'create-oauth-client')
      return { error: qlikError('QLIK_REFUSED', call, { status: 400 }) };
    try {
      const value = call.act(fault);
      return fault === 'reset-after' ? { error: refusal(fault, call) } : { value };
    } catch (error) {
      if (!(error instanceof QlikError)) throw error;
      return { error };
    }
  }

  #act(request: QlikRequest<never>, fault: Fault | undefined): unknown {
    const tenant = this.tenant(request.host);
    const parts = request.path.split('/');
    const clientId = parts[4] ?? '';
    switch (request.operation) {
      case 'list-oauth-clients':
        return { data: this.#list(tenant, request.path) };
      case 'create-oauth-client': {
        const { clientName } = request.json as { clientName: string };
        const client = { ...this.#newClient(clientName), secrets: [this.#newSecret(OUR_USER, [])] };
        tenant.clients.push(client);
        tenant.accepted += 1;
        return { ...this.#describe(client), clientSecret: new Secret(client.secrets[0]?.value ?? '') };
      }
      case 'get-oauth-client':
        return this.#describe(this.#getClient(request, tenant, clientId));
      case 'patch-connection-config':
        this.#getClient(request, tenant, clientId).trusted = true;
        return undefined;
      case 'create-client-secret': {
        const client = this.#getClient(request, tenant, clientId);
        if (client.secrets.length >= MAX_SECRETS) throw qlikError('SECRET_CAPACITY', request, { status: 409 });
        const secret = this.#newSecret(OUR_USER, client.secrets, fault === 'same-hint');
        client.secrets.push(secret);
        return {
          clientSecret: new Secret(secret.value),
          hint: secret.hint,
          ...(this.makersShown === 'everywhere' ? { createdBy: OUR_USER } : {}),
        };
      }
      case 'delete-client-secret': {
        const client = this.#getClient(request, tenant, clientId);
        const hint = parts[6] ?? '';
        // Of two that share a hint Qlik may take either: here the worse one.
        const bearers = client.secrets.filter((secret) => secret.hint === hint);
        const secret = bearers.find(({ createdBy }) => createdBy !== OUR_USER) ?? bearers[0];
        if (secret === undefined) throw qlikError('CLIENT_NOT_FOUND', request, { status: 404 });
        client.secrets = client.secrets.filter((one) => one !== secret);
        tenant.deletedByUs.secrets.push({ clientId, hint });
        if (secret.createdBy !== OUR_USER) tenant.foreignDeleted += 1;
        return undefined;
      }
      case 'delete-oauth-client': {
        const client = this.#getClient(request, tenant, clientId);
        client.deletedAt = this.world.now;
        tenant.deletedByUs.clientIds.push(clientId);
        if (client.isForeign) tenant.foreignDeleted += 1;
        return undefined;
      }
      case 'token':
      case 'get-connection-config':
      case 'patch-oauth-client':
        throw new Violation(`The simulated Qlik does not know "${request.operation}".`);
    }
  }

  #list(tenant: Tenant, path: string) {
    const filter = /^clientName (eq|sw) (".*")$/.exec(new URLSearchParams(path.split('?')[1]).get('filter') ?? '');
    if (this.world.broken === 'blind re-POST' && filter?.[1] === 'eq') return [];
    const wanted = JSON.parse(filter?.[2] ?? '""') as string;
    const shownUntil = this.world.now - this.lagMs;
    return tenant.clients
      .filter(({ clientName }) => (filter?.[1] === 'eq' ? clientName === wanted : clientName.startsWith(wanted)))
      .filter(({ createdAt, deletedAt }) => createdAt <= shownUntil && (deletedAt === null || deletedAt > shownUntil))
      .map((client) => this.#describe(client, shownUntil));
  }

  #describe(client: ClientAtTenant, shownUntil?: number) {
    return describe(client, this.makersShown !== 'nowhere', shownUntil);
  }

  #getClient(request: { operation: QlikOperation; host: string }, tenant: Tenant, clientId: string): ClientAtTenant {
    const client = tenant.clients.find((one) => one.clientId === clientId && one.deletedAt === null);
    if (client === undefined) throw qlikError('CLIENT_NOT_FOUND', request, { status: 404 });
    return client;
  }

  #newClient(clientName: string): ClientAtTenant {
    this.#made += 1;
    const clientId = `client-${this.#made}`;
    const createdAt = this.world.now;
    return { clientId, clientName, createdAt, deletedAt: null, trusted: false, isForeign: false, secrets: [] };
  }

  #newSecret(createdBy: string, beside: readonly SecretAtTenant[], sameHint = false): SecretAtTenant {
    this.#made += 1;
    const hint = (sameHint ? beside.at(-1)?.hint : undefined) ?? `h${this.#made}`;
    return { value: `secret-${this.#made}`, hint, createdBy, createdAt: this.world.now };
  }

  #takeFault(operation: QlikOperation): Fault | undefined {
    const index = this.#faults.findIndex((one) => one.operation === operation);
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
  }

  #drop(call: Call): void {
    const index = this.#onTheirWay.indexOf(call);
    if (index >= 0) this.#onTheirWay.splice(index, 1);
  }
}

/** A client as Qlik's answers describe it; a list shows what was there at `shownUntil`. */
function describe(client: ClientAtTenant, showsMakers: boolean, shownUntil = Infinity) {
  return {
    clientId: client.clientId,
    clientName: client.clientName,
    appType: 'web',
    allowedGrantTypes: ['client_credentials', 'urn:qlik:oauth:user-impersonation'],
    allowedScopes: ['user_default'],
    createdAt: new Date(client.createdAt).toISOString(),
    connectionConfig: { consentMethod: client.trusted ? 'trusted' : 'required' },
    clientSecrets: client.secrets
      .filter(({ createdAt }) => createdAt <= shownUntil)
      .map(({ hint, createdBy }) => (showsMakers ? { hint, createdBy } : { hint })),
  };
}
