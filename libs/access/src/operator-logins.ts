import { createHash, randomBytes } from 'node:crypto';
import { AuditTrail, SYSTEM_CHAIN } from '@app/audit';
import { Database, DomainError, Secret, type Transaction } from '@app/platform';
import { Inject, Injectable } from '@nestjs/common';
import { ACCESS_CLOCK, type Clock, systemClock } from './access-options.js';

/** Who is to be let in, and for how long the link is good. */
export interface NewLoginLink {
  /** The operator's login name: letters, digits and `._@+-`, at most 100. */
  operator: string;
  /** Who makes the link, e.g. `cli`. */
  actor: string;
  /** 1 to 86,400 seconds. */
  ttlSeconds: number;
}

/** An operator who is signed in. */
export interface OperatorSession {
  operator: string;
  /** To be sent back with every request that changes something. */
  csrfToken: string;
  /** Eight hours after signing in, used or not. */
  expiresAt: Date;
}

/** What signing in gives: `sessionToken` belongs into an HttpOnly cookie and nowhere else. */
export interface SignIn {
  sessionToken: Secret;
  session: OperatorSession;
}

const SESSION_MS = 8 * 3_600_000;
/** How long an expired link is kept, so that who comes late is told so. */
const LATE_MS = 86_400_000;
const OPERATOR = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/;

/** How operators enter the dashboard: a one-time link, then a session. Of links and sessions only the SHA-256 is stored. */
@Injectable()
export class OperatorLogins {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
    @Inject(ACCESS_CLOCK) private readonly now: Clock = systemClock,
  ) {}

  /** The token of a link that lets `operator` in once. Throws LOGIN_LINK_INVALID. */
  async createLink({ operator, actor, ttlSeconds }: NewLoginLink): Promise<Secret> {
    if (!OPERATOR.test(operator)) {
      throw invalid(`"${operator}" is not an operator's login name: use letters, digits and ._@+-, at most 100.`);
    }
    if (!(ttlSeconds >= 1 && ttlSeconds <= 86_400)) {
      throw invalid(`A login link cannot be good for ${ttlSeconds} seconds: choose 1 to 86400.`);
    }
    const token = newToken();
    const createdAt = this.now();
    const expiresAt = new Date(createdAt.getTime() + ttlSeconds * 1000);
    await this.database.transaction(async (tx) => {
      await this.#deleteExpired(tx);
      await tx.operatorLoginLink.create({
        data: { tokenHash: sha256(token.reveal()), operator, createdAt, expiresAt },
      });
      await this.#append(tx, 'operator.login_link_created', actor, operator, { expiresAt: expiresAt.toISOString() });
    });
    return token;
  }

  /** Uses a link up. Throws LOGIN_LINK_UNKNOWN, LOGIN_LINK_USED or LOGIN_LINK_EXPIRED; the latter two are kept in the audit trail. */
  async signIn(token: string): Promise<SignIn> {
    const tokenHash = sha256(token);
    const createdAt = this.now();
    const signIn = await this.database.transaction(async (tx) => {
      // One statement: of many who come at once, only the first finds the link unused.
      const [link] = await tx.$queryRaw<{ operator: string }[]>`
        UPDATE operator_login_links SET used_at = ${createdAt.toISOString()}::timestamptz
        WHERE token_hash = ${tokenHash} AND used_at IS NULL AND expires_at > ${createdAt.toISOString()}::timestamptz
        RETURNING operator`;
      if (link === undefined) return undefined;
      const { operator } = link;
      const sessionToken = newToken();
      const session = {
        operator,
        csrfToken: randomBytes(32).toString('base64url'),
        expiresAt: new Date(createdAt.getTime() + SESSION_MS),
      };
      await this.#deleteExpired(tx);
      await tx.operatorSession.create({ data: { tokenHash: sha256(sessionToken.reveal()), createdAt, ...session } });
      await this.#append(tx, 'operator.signed_in', `operator:${operator}`, operator);
      return { sessionToken, session };
    });
    return signIn ?? this.#refuse(tokenHash);
  }

  /** The session of this token; undefined when there is none, or it is over. */
  async findSession(sessionToken: string): Promise<OperatorSession | undefined> {
    const row = await this.database.client.operatorSession.findUnique({ where: { tokenHash: sha256(sessionToken) } });
    if (row === null || row.expiresAt <= this.now()) return undefined;
    return { operator: row.operator, csrfToken: row.csrfToken, expiresAt: row.expiresAt };
  }

  /** Ends the session of this token at once; without one, nothing happens. */
  async signOut(sessionToken: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [ended] = await tx.$queryRaw<{ operator: string }[]>`
        DELETE FROM operator_sessions WHERE token_hash = ${sha256(sessionToken)} RETURNING operator`;
      if (ended === undefined) return;
      await this.#append(tx, 'operator.signed_out', `operator:${ended.operator}`, ended.operator);
    });
  }

  async #refuse(tokenHash: Uint8Array<ArrayBuffer>): Promise<never> {
    const link = await this.database.client.operatorLoginLink.findUnique({ where: { tokenHash } });
    if (link === null) {
      throw refused('LOGIN_LINK_UNKNOWN', 'This login link is not known: open it whole, as it was printed.');
    }
    const error =
      link.usedAt === null
        ? refused('LOGIN_LINK_EXPIRED', `This login link expired at ${link.expiresAt.toISOString()}: make a new one.`)
        : refused('LOGIN_LINK_USED', `This login link was used at ${link.usedAt.toISOString()}: make a new one.`);
    await this.database.transaction((tx) =>
      this.#append(tx, 'access.refused', 'anonymous', link.operator, { code: error.code }),
    );
    throw error;
  }

  async #deleteExpired(tx: Transaction): Promise<void> {
    const now = this.now();
    await tx.operatorSession.deleteMany({ where: { expiresAt: { lte: now } } });
    await tx.operatorLoginLink.deleteMany({ where: { expiresAt: { lte: new Date(now.getTime() - LATE_MS) } } });
  }

  #append(
    tx: Transaction,
    action: 'operator.login_link_created' | 'operator.signed_in' | 'operator.signed_out' | 'access.refused',
    actor: string,
    operator: string,
    data: Record<string, string> = {},
  ): Promise<void> {
    return this.audit.append(tx, { chain: SYSTEM_CHAIN, action, actor, subject: { operator }, data });
  }
}

function newToken(): Secret {
  return new Secret(randomBytes(32).toString('base64url'));
}

function sha256(text: string): Uint8Array<ArrayBuffer> {
  return createHash('sha256').update(text).digest();
}

function invalid(message: string): DomainError {
  return new DomainError('invalid', 'LOGIN_LINK_INVALID', message);
}

function refused(code: string, message: string): DomainError {
  return new DomainError('unauthenticated', code, message);
}
