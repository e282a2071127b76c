import type { Caller } from '@app/access';
import { AuditTrail } from '@app/audit';
import { Database, DomainError, startStopwatch } from '@app/platform';
import { type AccessToken, type Impersonation, QlikError, TokensApi } from '@app/qlik';
import { Vault } from '@app/vault';
import { Inject, Injectable } from '@nestjs/common';
import type { MintedToken } from './minted-token.js';
import { tellQlikError } from './token-problem.js';
import type { NewToken } from './token.schema.js';
import { type UsableSecret, UsableSecretsReader } from './usable-secrets.reader.js';

/** The injection token of how long the whole of a token's making may take, in milliseconds. */
export const MINTING_DEADLINE_MS = Symbol('minting deadline');

/** Who asked for a token, for its audit event. */
export interface Asking {
  caller: Caller;
  requestId: string;
}

/** Secrets that one request tries: more are only there while rotations overtake each other. */
const MAX_TRIES = 5;

/** A longer life, which Qlik's tokens do not have, is not believed. */
const LONGEST_LIFE_SECONDS = 86_400;

/** The secret was replaced, or its customer became unusable, while a token was got with it. */
class SecretOvertaken extends Error {}

/** Gets tokens at Qlik with customers' own secrets. */
@Injectable()
export class TokenMinting {
  constructor(
    private readonly database: Database,
    private readonly secrets: UsableSecretsReader,
    private readonly vault: Vault,
    private readonly tokens: TokensApi,
    private readonly audit: AuditTrail,
    @Inject(MINTING_DEADLINE_MS) private readonly deadlineMs: number,
  ) {}

  /**
   * A token that lets its bearer act as the user; `token.minted` is committed before it is returned. A secret that Qlik refuses gives way to a
   * newer one, or to the one before while that is kept. Throws CUSTOMER_NOT_FOUND, CUSTOMER_OFFBOARDED, CUSTOMER_NOT_READY, SCOPE_NOT_ALLOWED,
   * what the vault throws, and the problems of `tokenProblems`.
   */
  async mint(customerId: string, wanted: NewToken, asking: Asking): Promise<MintedToken> {
    const signal = AbortSignal.timeout(this.deadlineMs);
    const refused = new Set<string>();
    let refusal: unknown = new SecretOvertaken();
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      // Read anew each time: a rotation may have come between the look and the call.
      const usable = await this.secrets.list(customerId);
      const secret = usable.find(({ secretVersionId }) => !refused.has(secretVersionId));
      if (secret === undefined) break;
      try {
        return await this.#mintWith(customerId, secret, wanted, asking, signal);
      } catch (error) {
        if (error instanceof QlikError && error.code === 'CREDENTIAL_REFUSED') refused.add(secret.secretVersionId);
        else if (!(error instanceof SecretOvertaken)) throw tellQlikError(error);
        refusal = error;
      }
    }
    throw refusal instanceof SecretOvertaken ? overtaken(customerId) : tellQlikError(refusal);
  }

  async #mintWith(
    customerId: string,
    secret: UsableSecret,
    wanted: NewToken,
    asking: Asking,
    signal: AbortSignal,
  ): Promise<MintedToken> {
    const { tenantHost: host, clientId, dataKeyId, sealed, secretVersionId, version } = secret;
    const scope = scopeOf(secret, wanted);
    const clientSecret = await this.vault.open(
      { dataKeyId, sealed },
      {
        owner: { kind: 'customer', id: customerId },
        secretId: secretVersionId,
        version,
        purpose: 'impersonation-client-secret',
      },
    );
    const age = startStopwatch();
    const askedAt = Date.now();
    const impersonation = { host, clientId, clientSecret, scope, user: wanted.user };
    const answer = await this.#impersonate(impersonation, signal, () =>
      this.#record(customerId, secret, asking, { grants: 'client_credentials' }),
    );
    await this.#record(customerId, secret, asking, { grants: 'user-impersonation', userField: wanted.user.field });
    const lifeMs = Math.min(answer.expiresInSeconds, LONGEST_LIFE_SECONDS) * 1000;
    return {
      token: answer.token,
      scope: answer.scope ?? scope,
      lifeMs,
      expiresAt: new Date(askedAt + lifeMs).toISOString(),
      age,
    };
  }

  /** A 401 without one of OAuth's codes may mean the secret as well as the user, and a 404 the tenant: then the secret alone is tried, which tells. */
  async #impersonate(
    impersonation: Impersonation,
    signal: AbortSignal,
    recordProof: () => Promise<void>,
  ): Promise<AccessToken> {
    try {
      return await this.tokens.impersonation(impersonation, { signal });
    } catch (error) {
      const { code, qlik } = error instanceof QlikError ? error : {};
      if (code !== 'USER_NOT_FOUND' || (qlik?.status !== 401 && qlik?.status !== 404)) throw error;
      const { host, clientId, clientSecret } = impersonation;
      await this.tokens.clientCredentials({ host, clientId, clientSecret }, { signal });
      await recordProof();
      throw error;
    }
  }

  /** Throws SecretOvertaken, and records nothing, if the secret is no longer what it was: a token of it is given to nobody. */
  async #record(
    customerId: string,
    secret: UsableSecret,
    { caller, requestId }: Asking,
    data: Record<string, string>,
  ): Promise<void> {
    const { oauthClientRowId: oauthClientId, secretVersionId, version } = secret;
    await this.database.sqlTransaction(async (tx) => {
      if (!(await this.secrets.isUnchanged(tx, secret))) throw new SecretOvertaken();
      await this.audit.append(tx, {
        chain: customerId,
        action: 'token.minted',
        actor: caller.actor,
        // Not whom it is for: that is a person, and an event is for ever.
        subject: { customerId, oauthClientId, secretVersionId },
        data: { version, ...data },
        requestId,
      });
    });
  }
}

function scopeOf({ scopes }: UsableSecret, { scope }: NewToken): string {
  if (scope === undefined) return scopes.join(' ');
  const unknown = scope.split(' ').find((one) => !scopes.includes(one));
  if (unknown === undefined) return scope;
  throw new DomainError(
    'invalid',
    'SCOPE_NOT_ALLOWED',
    `The customer does not have the scope "${unknown.slice(0, 256)}". Ask for some of its "scopes", or leave "scope" out for all of them.`,
  );
}

const overtaken = (customerId: string): DomainError =>
  new DomainError(
    'unavailable',
    'SECRET_CHANGING',
    `The secret of the customer "${customerId}" was replaced again and again while a token was got with it. Ask again.`,
    { retryAfterSeconds: 1 },
  );
