import { NotifiedCache, Notifications } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { isGivenAgain, type MintedToken } from './minted-token.js';
import { TokenMetrics } from './token-metrics.js';
import { type Asking, TokenMinting } from './token-minting.js';
import type { NewToken } from './token.schema.js';

/** Tokens that a process remembers. */
const MAX_TOKENS = 20_000;

/** A token, from when it is asked for at Qlik. */
interface Flight {
  token: Promise<MintedToken>;
  /** Undefined while it is on its way. */
  minted?: MintedToken;
}

/**
 * Gives tokens of customers' users. One is got at Qlik once, however many ask for it at the same time, and given again while it lives long
 * enough, until the customer's secret, client or state has changed: then all of the customer's are dropped, in every process. While such changes
 * are not heard each request gets its own. Errors are not remembered.
 */
@Injectable()
export class TokenBroker {
  readonly #flights: NotifiedCache<Flight>;

  constructor(
    private readonly minting: TokenMinting,
    private readonly metrics: TokenMetrics,
    notifications: Notifications,
  ) {
    this.#flights = new NotifiedCache(notifications, { channel: 'customer_changed', max: MAX_TOKENS });
  }

  /** Throws what `TokenMinting.mint` throws. A token that is remembered is given at once: nothing is asked as often. */
  getToken(customerId: string, wanted: NewToken, asking: Asking): MintedToken | Promise<MintedToken> {
    const key = keyOf(wanted);
    const known = this.#flights.find(customerId, key);
    if (known === undefined) return this.#getFresh(customerId, key, wanted, asking);
    if (known.minted === undefined) return this.#share(known);
    if (!isGivenAgain(known.minted)) return this.#getFresh(customerId, key, wanted, asking);
    this.metrics.fromCache();
    return known.minted;
  }

  async #share({ token }: Flight): Promise<MintedToken> {
    const shared = await token;
    this.metrics.fromCache();
    return shared;
  }

  async #getFresh(customerId: string, key: string, wanted: NewToken, asking: Asking): Promise<MintedToken> {
    const fresh = await this.#start(customerId, key, wanted, asking);
    this.metrics.fromQlik();
    return fresh;
  }

  #start(customerId: string, key: string, wanted: NewToken, asking: Asking): Promise<MintedToken> {
    const token = this.minting.mint(customerId, wanted, asking);
    const flight: Flight = { token };
    // Before anything is read: a change from here on takes it out again, and who comes later gets another token.
    this.#flights.keep(customerId, key, flight);
    token.then(
      (minted) => (flight.minted = minted),
      () => this.#flights.drop(customerId, key, flight),
    );
    return token;
  }
}

/** The order of scopes means nothing. */
function keyOf({ user, scope }: NewToken): string {
  const scopes = scope?.includes(' ') === true ? [...new Set(scope.split(' '))].sort().join(' ') : scope;
  return JSON.stringify([user.field, user.value, scopes]);
}
