import { DomainError } from '@app/platform';
import { createRemoteJWKSet, customFetch, errors, type FetchImplementation, type JWTVerifyGetKey } from 'jose';
import type { AccessLogger, Clock } from '../access-options.js';
import { findJwksUrl } from './issuer-metadata.js';

/** Where an issuer's keys are. */
export interface IssuerKeysOptions {
  issuer: string;
  /** By default the issuer's metadata say so. */
  jwksUrl?: URL;
  /** Whether keys may come from a URL without https. */
  httpsOnly: boolean;
}

const TIMEOUT_MS = 5_000;
/** Between two looks for a key that is not among those known. */
const COOLDOWN_MS = 30_000;
/** After which the keys are read again, behind a request's back. */
const REFRESH_MS = 10 * 60_000;
/** After which a request waits for that: a key that was withdrawn is refused by then, also where tokens are rare. */
const WAIT_MS = 20 * 60_000;
/** Until the next try after one that failed. */
const RETRY_MS = 60_000;
/** How long keys are good for while they cannot be read again. */
const MAX_AGE_MS = 3_600_000;
/** How long nobody asks again after a token for which that was in vain. */
const PAUSE_MS = 5_000;

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** The public keys of one issuer, read when the first token needs them and kept in memory. */
export class IssuerKeys {
  #set: KeySet | undefined;
  #opening: Promise<KeySet> | undefined;
  #refreshing: Promise<void> | undefined;
  #readAt = -Infinity;
  #refreshAt = -Infinity;
  #failedAt = -Infinity;

  constructor(
    private readonly options: IssuerKeysOptions,
    private readonly logger: AccessLogger,
    private readonly now: Clock,
  ) {}

  /**
   * The key that the token's header names. Throws jose's JWKSNoMatchingKey or JWKSMultipleMatchingKeys when the issuer publishes none, or
   * several; JWT_KEYS_UNAVAILABLE when its keys cannot be had.
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (this.#set?.fresh !== true) this.#refuseInPause();
    try {
      const set = await this.#open();
      if (this.#refreshIfDue(set) && this.#now() >= this.#readAt + WAIT_MS) await this.#refreshing;
      return await set(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      // Nobody was asked: the pause gets no longer.
      if (error instanceof DomainError) throw error;
      this.#failedAt = this.#now();
      // Its address may have changed: the metadata are read again.
      if (this.#set?.fresh === false) this.#set = undefined;
      throw this.#unavailable(error);
    }
  };

  /** Finds out where the keys are: once, and again while that fails. */
  async #open(): Promise<KeySet> {
    if (this.#set !== undefined) return this.#set;
    this.#opening ??= this.#create().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #create(): Promise<KeySet> {
    const { issuer, jwksUrl, httpsOnly } = this.options;
    const set = createRemoteJWKSet(jwksUrl ?? (await findJwksUrl(issuer, httpsOnly)), {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: MAX_AGE_MS,
      [customFetch]: this.#fetch,
    });
    await set.reload();
    this.#noteRead();
    return (this.#set = set);
  }

  readonly #fetch: FetchImplementation = async (url, options) => {
    this.#refuseInPause();
    return fetch(url, options);
  };

  /** Whether the keys are being read again. A failure is only a warning: those at hand are good for a while. */
  #refreshIfDue(set: KeySet): boolean {
    if (this.#refreshing === undefined && (this.#now() < this.#refreshAt || this.#isPaused())) return false;
    this.#refreshing ??= set
      .reload()
      .then(
        () => this.#noteRead(),
        (error: unknown) => {
          this.#refreshAt = this.#now() + RETRY_MS;
          this.logger.warn({ err: error, issuer: this.options.issuer }, 'keys of the token issuer not read again');
        },
      )
      .finally(() => (this.#refreshing = undefined));
    return true;
  }

  #isPaused(): boolean {
    return this.#now() < this.#failedAt + PAUSE_MS;
  }

  #refuseInPause(): void {
    if (this.#isPaused()) throw this.#unavailable();
  }

  #noteRead(): void {
    this.#readAt = this.#now();
    this.#refreshAt = this.#readAt + REFRESH_MS;
  }

  #now(): number {
    return this.now().getTime();
  }

  #unavailable(cause?: unknown): DomainError {
    return new DomainError(
      'unavailable',
      'JWT_KEYS_UNAVAILABLE',
      `The keys of the issuer of access tokens cannot be read, so this token can be neither accepted nor refused. Send the same request again in ${PAUSE_MS / 1000} seconds.`,
      { cause, retryAfterSeconds: PAUSE_MS / 1000 },
    );
  }
}
