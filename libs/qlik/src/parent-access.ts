import type { Secret } from '@app/platform';
import type { CallContext } from './call.js';
import type { ParentClients, ParentClientSource, SourcedParentClient } from './parent-client.js';
import { QlikError } from './qlik-error.js';
import { regionOf } from './tenant-host.js';
import type { TokensApi } from './tokens.js';

interface Flight {
  token: Promise<Secret>;
  region: string;
  /** Of the parent client it was asked with. */
  version: string;
  /** On the clock's scale, in milliseconds; undefined while in flight. */
  usableUntil?: number;
  value?: Secret;
}

const MARGIN_MS = 60_000;

/** The version of what the process was configured with, which stays. */
const CONFIGURED = 'configured';

/** Tokens of the parent clients: one per tenant, fetched once however many ask, until a minute (or a tenth of its life) before it expires, or its parent client is replaced. */
export class ParentAccess {
  readonly #configured: ReadonlyMap<string, SourcedParentClient>;
  readonly #flights = new Map<string, Flight>();
  /** The version of each region's client that was used last. */
  readonly #versions = new Map<string, string>();

  /** What `source` has of a region goes before what is configured. */
  constructor(
    private readonly tokens: TokensApi,
    configured: ParentClients,
    private readonly now: () => number = () => performance.now(),
    private readonly source?: ParentClientSource,
  ) {
    const entries = Object.entries(configured);
    this.#configured = new Map(entries.map(([region, parent]) => [region, { ...parent, version: CONFIGURED }]));
  }

  /** The token for this tenant. Throws PARENT_NOT_CONFIGURED, PARENT_REFUSED, TENANT_DISABLED and what any call and the source throw. A caller that gives up does not take the others' token away. */
  async token(host: string, context: CallContext = {}): Promise<Secret> {
    const parent = await unlessAborted(this.#getParent(host), host, context.signal);
    try {
      return await unlessAborted(this.#tokenWith(parent, host, context.onCall), host, context.signal);
    } catch (error) {
      if (!(error instanceof QlikError) || error.code !== 'PARENT_REFUSED') throw error;
      // It may have been replaced a moment ago.
      const present = await unlessAborted(this.#getParent(host, { fresh: true }), host, context.signal);
      if (present.version === parent.version) throw error;
      return unlessAborted(this.#tokenWith(present, host, context.onCall), host, context.signal);
    }
  }

  /** Drops the tenant's token, so that the next caller gets a fresh one; given a token, only if that is still the one. */
  forget(host: string, token?: Secret): void {
    if (token === undefined || this.#flights.get(host)?.value === token) this.#flights.delete(host);
  }

  #tokenWith(parent: SourcedParentClient, host: string, onCall: CallContext['onCall']): Promise<Secret> {
    const known = this.#flights.get(host);
    const isGood = known?.usableUntil === undefined || this.now() < known.usableUntil;
    if (known?.version === parent.version && isGood) return known.token;
    return this.#start(parent, host, onCall).token;
  }

  #start(parent: SourcedParentClient, host: string, onCall: CallContext['onCall']): Flight {
    this.#dropExpired();
    const startedAt = this.now();
    const { clientId, clientSecret, version } = parent;
    const fetched = this.tokens.clientCredentials(
      { host, clientId, clientSecret },
      onCall === undefined ? {} : { onCall },
    );
    const flight: Flight = {
      region: regionOf(host) ?? '',
      version,
      token: fetched.then(
        ({ token, expiresInSeconds }) => {
          const lifeMs = expiresInSeconds * 1000;
          flight.usableUntil = startedAt + lifeMs - Math.min(MARGIN_MS, lifeMs / 10);
          flight.value = token;
          return token;
        },
        (error: unknown) => {
          if (this.#flights.get(host) === flight) this.#flights.delete(host);
          throw asParentRefusal(error);
        },
      ),
    };
    // Taken out first, so that the oldest stay in front.
    this.#flights.delete(host);
    this.#flights.set(host, flight);
    return flight;
  }

  /** Oldest first, and all live about as long: it stops at the first that is still good. */
  #dropExpired(): void {
    for (const [host, flight] of this.#flights) {
      if (flight.usableUntil === undefined || this.now() < flight.usableUntil) return;
      this.#flights.delete(host);
    }
  }

  async #getParent(host: string, { fresh = false } = {}): Promise<SourcedParentClient> {
    const region = regionOf(host) ?? '';
    const stored = await this.source?.find(region, { fresh });
    const parent = stored ?? this.#configured.get(region);
    if (parent === undefined) {
      if (!fresh && this.source !== undefined) return this.#getParent(host, { fresh: true });
      throw new QlikError('PARENT_NOT_CONFIGURED', { operation: 'token', host });
    }
    if (stored !== undefined) this.source?.noteUse(region, stored.version);
    if (this.#versions.get(region) !== parent.version) this.#replace(region, parent.version);
    return parent;
  }

  /** Tokens that another client got go at once: whoever replaced it may have done so because it leaked. */
  #replace(region: string, version: string): void {
    this.#versions.set(region, version);
    for (const [host, flight] of this.#flights) {
      if (flight.region === region && flight.version !== version) this.#flights.delete(host);
    }
  }
}

function asParentRefusal(error: unknown): unknown {
  if (!(error instanceof QlikError) || error.code === 'TENANT_DISABLED') return error;
  const { operation, host, qlik } = error;
  const refused = qlik !== undefined && [400, 401, 403].includes(qlik.status);
  return refused ? new QlikError('PARENT_REFUSED', { operation, host, qlik }) : error;
}

async function unlessAborted<T>(work: Promise<T>, host: string, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new QlikError('CALL_ABORTED', { operation: 'token', host }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
