import { randomBytes, randomUUID } from 'node:crypto';
import type { SandboxControl, StateAtQlik } from '../rig/sandbox-control.js';
import { hostOf, inParallel } from '../rig/signup-backend.js';

/** A name as another installation of ours gives it. */
const nameOfAnother = (): string => `tenant-provisioner/${randomUUID()}/${randomBytes(16).toString('hex')}`;

/** One tenant in so many has a client of somebody else's. */
const EVERY = 25;

/** What belongs to others in the tenants of a batch and must still be there in the end. */
export class ForeignThings {
  readonly #clients: { tenantHost: string; clientId: string }[] = [];
  #secrets: { tenantHost: string; clientId: string; hint: string }[] = [];
  #secretsAdded = 0;

  private constructor(private readonly sandbox: SandboxControl) {}

  /** Makes clients of somebody else's in some of the tenants. */
  static async plant(sandbox: SandboxControl, names: readonly string[]): Promise<ForeignThings> {
    const foreign = new ForeignThings(sandbox);
    const hosts = names.filter((_, index) => index % EVERY === 0).map(hostOf);
    await inParallel([...hosts.entries()], 4, async ([index, tenantHost]) => {
      const clientName = index % 2 === 0 ? 'made by hand' : nameOfAnother();
      foreign.#clients.push({ tenantHost, clientId: await sandbox.addForeignClient(tenantHost, clientName) });
    });
    return foreign;
  }

  /** Clients of somebody else's, in whatever tenant. */
  get clientIds(): ReadonlySet<string> {
    return new Set(this.#clients.map(({ clientId }) => clientId));
  }

  /** Foreign secrets on a client of ours. */
  get secrets(): ReadonlySet<string> {
    return new Set(this.#secrets.map(({ clientId, hint }) => `${clientId}/${hint}`));
  }

  /** How many secrets were ever put on clients of ours. */
  get secretsAdded(): number {
    return this.#secretsAdded;
  }

  /** Puts secrets of somebody else's on a client of ours. */
  async addSecrets(tenantHost: string, clientId: string, count: number, createdBy?: string): Promise<string[]> {
    const hints = await this.sandbox.addForeignSecrets(tenantHost, clientId, count, createdBy);
    this.#secretsAdded += count;
    this.#secrets.push(...hints.map((hint) => ({ tenantHost, clientId, hint })));
    return hints;
  }

  /** One of the secrets in this tenant, which its owner is about to delete. */
  giveUpSecret(tenantHost: string): { clientId: string; hint: string } {
    const given = this.#secrets.find((secret) => secret.tenantHost === tenantHost);
    if (given === undefined) throw new Error(`Nobody has a secret of his own in ${tenantHost}.`);
    this.#secrets = this.#secrets.filter((secret) => secret !== given);
    return given;
  }

  /** How many clients of somebody else's are in this tenant. */
  countClients(tenantHost: string): number {
    return this.#clients.filter((client) => client.tenantHost === tenantHost).length;
  }

  /** How many of them are gone. */
  countMissing({ clients }: StateAtQlik): number {
    const byId = new Map(clients.map((client) => [client.clientId, client]));
    const clientsGone = this.#clients.filter(({ clientId }) => !byId.has(clientId)).length;
    const secretsGone = this.#secrets.filter(
      ({ clientId, hint }) => byId.get(clientId)?.hints.includes(hint) !== true,
    ).length;
    return clientsGone + secretsGone;
  }
}
