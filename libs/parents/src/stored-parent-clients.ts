import { Database, type Secret } from '@app/platform';
import { Vault } from '@app/vault';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { parentSecretContext } from './parent-secret-context.js';
import { PARENTS_LOGGER, type ParentsLogger } from './parents-logger.js';

/** A parent client that is stored, with its secret open. */
export interface StoredParentClient {
  clientId: string;
  clientSecret: Secret;
  /** Differs whenever the client was stored anew, also with the same id. */
  version: string;
}

/** How long a worker goes on with what it knows of a region before it looks again, in ms. */
const KNOWN_FOR_MS = 2_000;

/** Uses are noted to the minute. */
const NOTED_EVERY_MS = 60_000;

interface Row {
  region: string;
  id: string;
  clientId: string;
  sealed: string;
  dataKeyId: string;
}

interface Known {
  /** Undefined where none is stored. */
  client: Promise<StoredParentClient | undefined>;
  lookedAt: number;
}

/** The stored parent clients as a worker uses them: each region is looked at every two seconds at most, and a secret opened once per version. */
@Injectable()
export class StoredParentClients implements OnModuleDestroy {
  readonly #known = new Map<string, Known>();
  readonly #opened = new Map<string, StoredParentClient>();
  /** Of each region, the version whose use was noted last, and when. */
  readonly #noted = new Map<string, { version: string; at: number }>();
  readonly #notes = new Set<Promise<void>>();

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    @Inject(PARENTS_LOGGER) private readonly logger: ParentsLogger,
  ) {}

  /** The region's parent client, undefined if none is stored; with `fresh` as it is at this moment. Throws what the database and the vault throw. */
  async find(region: string, { fresh = false }: { fresh?: boolean } = {}): Promise<StoredParentClient | undefined> {
    const known = this.#known.get(region);
    if (!fresh && known !== undefined && performance.now() - known.lookedAt < KNOWN_FOR_MS) return known.client;
    const looking: Known = { client: this.#read(region), lookedAt: performance.now() };
    this.#known.set(region, looking);
    looking.client.catch(() => {
      if (this.#known.get(region) === looking) this.#known.delete(region);
    });
    return looking.client;
  }

  /** Notes behind the caller's back that a worker goes to a tenant with this version of the region's client. */
  noteUse(region: string, version: string): void {
    const noted = this.#noted.get(region);
    if (noted?.version === version && performance.now() - noted.at < NOTED_EVERY_MS) return;
    this.#noted.set(region, { version, at: performance.now() });
    const note = this.#note(region, version)
      .catch((error: unknown) => {
        this.#noted.delete(region);
        this.logger.warn({ err: error, region }, 'The use of a parent client was not noted.');
      })
      .finally(() => this.#notes.delete(note));
    this.#notes.add(note);
  }

  /** Lets the notes be written while the database is still there. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.#notes);
  }

  async #read(region: string): Promise<StoredParentClient | undefined> {
    const [row] = await this.database.sql.$queryRaw<Row[]>`
      SELECT region, id, client_id AS "clientId", sealed, data_key_id AS "dataKeyId"
      FROM parent_clients WHERE region = ${region}`;
    if (row === undefined) {
      this.#opened.delete(region);
      return undefined;
    }
    const opened = this.#opened.get(region);
    if (opened?.version === row.id) return opened;
    const clientSecret = await this.vault.open(row, parentSecretContext(row));
    const client = { clientId: row.clientId, clientSecret, version: row.id };
    this.#opened.set(region, client);
    return client;
  }

  async #note(region: string, version: string): Promise<void> {
    await this.database.sql.$executeRaw`
      UPDATE parent_clients SET last_used_at = date_trunc('minute', now())
      WHERE region = ${region} AND id = ${version}::uuid AND (last_used_at IS NULL OR last_used_at < date_trunc('minute', now()))`;
  }
}
