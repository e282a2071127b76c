import type { Secret } from '@app/platform';
import type { CallContext } from './call.js';
import { QlikError } from './qlik-error.js';
import { regionOf } from './tenant-host.js';
import type { TokensApi } from './tokens.js';

/** The OEM's client of one region, which lets us into its tenants. */
export interface ParentClient {
  clientId: string;
  clientSecret: Secret;
}

/** Parent clients by region, e.g. `{ eu: … }`. */
export type ParentClients = Readonly<Record<string, ParentClient>>;

interface Flight {
  token: Promise<Secret>;
  /** On the clock's scale, in milliseconds; undefined while in flight. */
  usableUntil?: number;
  value?: Secret;
}

const MARGIN_MS = 60_000;

/** Tokens of the parent clients: one per tenant and parent client, fetched once however many ask, until a minute (or a tenth of its life) before it expires. */
export class ParentAccess {
  readonly #parents: ReadonlyMap<string, ParentClient>;
  readonly #flights = new Map<string, Flight>();

  constructor(
    private readonly tokens: TokensApi,
    parentClients: ParentClients,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#parents = new Map(Object.entries(parentClients));
  }

  /** The token for this tenant. Throws PARENT_NOT_CONFIGURED, PARENT_REFUSED, TENANT_DISABLED and what any call throws. A caller that gives up does not take the others' token away. */
  async token(host: string, context: CallContext = {}): Promise<Secret> {
    const parent = this.#parent(host);
    const key = keyOf(host, parent);
    const known = this.#flights.get(key);
    if (known !== undefined && (known.usableUntil === undefined || this.now() < known.usableUntil)) {
      return unlessAborted(known.token, host, context.signal);
    }
    const flight = this.#start(key, host, parent, context.onCall);
    return unlessAborted(flight.token, host, context.signal);
  }

  /** Drops the tenant's token, so that the next caller gets a fresh one; given a token, only if that is still the one. */
  forget(host: string, token?: Secret): void {
    const key = keyOf(host, this.#parent(host));
    if (token === undefined || this.#flights.get(key)?.value === token) this.#flights.delete(key);
  }

  #start(key: string, host: string, parent: ParentClient, onCall: CallContext['onCall']): Flight {
    this.#dropExpired();
    const startedAt = this.now();
    const fetched = this.tokens.clientCredentials({ host, ...parent }, onCall === undefined ? {} : { onCall });
    const flight: Flight = {
      token: fetched.then(
        ({ token, expiresInSeconds }) => {
          const lifeMs = expiresInSeconds * 1000;
          flight.usableUntil = startedAt + lifeMs - Math.min(MARGIN_MS, lifeMs / 10);
          flight.value = token;
          return token;
        },
        (error: unknown) => {
          if (this.#flights.get(key) === flight) this.#flights.delete(key);
          throw asParentRefusal(error);
        },
      ),
    };
    this.#flights.set(key, flight);
    return flight;
  }

  /** Oldest first, and all live about as long: it stops at the first that is still good. */
  #dropExpired(): void {
    for (const [key, flight] of this.#flights) {
      if (flight.usableUntil === undefined || this.now() < flight.usableUntil) return;
      this.#flights.delete(key);
    }
  }

  #parent(host: string): ParentClient {
    const parent = this.#parents.get(regionOf(host) ?? '');
    if (parent === undefined) throw new QlikError('PARENT_NOT_CONFIGURED', { operation: 'token', host });
    return parent;
  }
}

function keyOf(host: string, parent: ParentClient): string {
  return JSON.stringify([host, parent.clientId]);
}

function asParentRefusal(error: unknown): unknown {
  if (!(error instanceof QlikError) || error.code === 'TENANT_DISABLED') return error;
  const { operation, host, qlik } = error;
  const refused = qlik !== undefined && [400, 401, 403].includes(qlik.status);
  return refused ? new QlikError('PARENT_REFUSED', { operation, host, qlik }) : error;
}

async function unlessAborted(token: Promise<Secret>, host: string, signal: AbortSignal | undefined): Promise<Secret> {
  if (signal === undefined) return token;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new QlikError('CALL_ABORTED', { operation: 'token', host }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([token, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
