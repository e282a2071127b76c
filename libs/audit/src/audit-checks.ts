import { Database, Prisma } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { v7 } from 'uuid';
import { AuditVerification, type ChainVerdict } from './audit-verification.js';

/** What a check of every chain found. */
export interface AuditCheckResult {
  startedAt: Date;
  finishedAt: Date;
  chains: number;
  /** Events found intact. */
  events: number;
  brokenChains: number;
  /** The verdicts on the broken chains; of many the first hundred. */
  broken: ChainVerdict[];
}

/** How the audit trail stands as far as the checks know. */
export interface AuditHealth {
  /** Chains found broken by the last complete check, or by the one under way if those are more. */
  brokenChains: number;
  /** Since the last complete check began; since the first one began while none is complete. */
  checkAgeSeconds: number;
}

/** What a worker did of a check. */
export interface AuditCheckProgress {
  /** Chains that it found broken. */
  broken: ChainVerdict[];
  /** The whole check, if this was the last of it. */
  finished?: AuditCheckResult;
}

/** Verdicts kept of one check. */
const KEPT_VERDICTS = 100;

/** Names of chains read at once. */
const NAMES_AT_ONCE = 100;

/** How long a worker has for a turn before another one takes the check over, in ms: longer than the longest chain takes. */
const LEASE_MS = 600_000;

interface Claimed {
  id: string;
  afterChain: string;
}

/** Verifies every chain in turns, by whichever worker comes first; what was done survives the worker. */
@Injectable()
export class AuditChecks {
  constructor(
    private readonly database: Database,
    private readonly verification: AuditVerification,
  ) {}

  /** Goes on for about `budgetMs` with the check under way, or begins one if the last began `intervalMs` ago; undefined if there is nothing to do, or another worker is at it. */
  async takeTurn(intervalMs: number, budgetMs: number): Promise<AuditCheckProgress | undefined> {
    const claimed = (await this.#claim()) ?? (await this.#begin(intervalMs));
    if (claimed === undefined) return undefined;
    const endsAt = performance.now() + budgetMs;
    const names = await this.#listChains(claimed.afterChain);
    const verdicts: ChainVerdict[] = [];
    for (const name of names) {
      verdicts.push(await this.verification.verify(name));
      if (performance.now() >= endsAt) break;
    }
    const isLast = verdicts.length === names.length && names.length < NAMES_AT_ONCE;
    const row = await this.#record(claimed, verdicts, isLast);
    // Taken over: whoever has it now tells what is broken.
    if (row === undefined) return undefined;
    const broken = verdicts.filter(({ intact }) => !intact);
    return isFinished(row) ? { broken, finished: toResult(row) } : { broken };
  }

  /** The last complete check, undefined before the first, and since when another one is under way. */
  async findLast(): Promise<{ last: AuditCheckResult | undefined; underWaySince: Date | undefined }> {
    const rows = await this.database.sql.$queryRaw<CheckRow[]>`SELECT ${CHECK_COLUMNS} FROM audit_checks`;
    const last = rows.find(isFinished);
    return {
      last: last && toResult(last),
      underWaySince: rows.find((row) => !isFinished(row))?.startedAt,
    };
  }

  /** How the audit trail stands, for who watches over it. */
  async getHealth(): Promise<AuditHealth> {
    const [health] = await this.database.sql.$queryRaw<[AuditHealth]>`
      SELECT coalesce(max(broken_chains), 0)::int AS "brokenChains",
        coalesce(extract(epoch FROM now() - coalesce(max(started_at) FILTER (WHERE finished_at IS NOT NULL), min(started_at))), 0)::float8
          AS "checkAgeSeconds"
      FROM audit_checks`;
    return health;
  }

  async #claim(): Promise<Claimed | undefined> {
    const [claimed] = await this.database.sql.$queryRaw<Claimed[]>`
      UPDATE audit_checks SET lease_until = now() + ${LEASE_MS} * interval '1 ms'
      WHERE finished_at IS NULL AND (lease_until IS NULL OR lease_until < now())
      RETURNING id, after_chain AS "afterChain"`;
    return claimed;
  }

  async #begin(intervalMs: number): Promise<Claimed | undefined> {
    const [begun] = await this.database.sql.$queryRaw<Claimed[]>`
      INSERT INTO audit_checks (id, lease_until)
      SELECT ${v7()}::uuid, now() + ${LEASE_MS} * interval '1 ms'
      WHERE NOT EXISTS (SELECT 1 FROM audit_checks
        WHERE finished_at IS NULL OR started_at > now() - ${intervalMs} * interval '1 ms')
      ON CONFLICT DO NOTHING
      RETURNING id, after_chain AS "afterChain"`;
    return begun;
  }

  /** Chains without a head, and heads without an event, too. */
  async #listChains(after: string): Promise<string[]> {
    const rows = await this.database.sql.$queryRaw<{ chain: string }[]>`
      (SELECT chain FROM audit_chains WHERE chain > ${after} ORDER BY chain LIMIT ${NAMES_AT_ONCE})
      UNION (SELECT DISTINCT chain FROM audit_events WHERE chain > ${after} ORDER BY chain LIMIT ${NAMES_AT_ONCE})
      ORDER BY chain LIMIT ${NAMES_AT_ONCE}`;
    return rows.map(({ chain }) => chain);
  }

  /** What was found, if nobody has taken the check over since; undefined if somebody has. */
  #record({ id, afterChain }: Claimed, verdicts: ChainVerdict[], isLast: boolean): Promise<CheckRow | undefined> {
    const broken = verdicts.filter(({ intact }) => !intact);
    const events = verdicts.reduce((sum, verdict) => sum + verdict.events, 0);
    return this.database.sqlTransaction(async (tx) => {
      const [row] = await tx.$queryRaw<CheckRow[]>`
        UPDATE audit_checks SET after_chain = ${verdicts.at(-1)?.chain ?? afterChain}, lease_until = NULL,
          chains = chains + ${verdicts.length}, events = events + ${events}, broken_chains = broken_chains + ${broken.length},
          broken = (SELECT coalesce(jsonb_agg(verdict ORDER BY place), '[]') FROM
            jsonb_array_elements(broken || ${JSON.stringify(broken)}::jsonb) WITH ORDINALITY AS found(verdict, place)
            WHERE place <= ${KEPT_VERDICTS}),
          finished_at = CASE WHEN ${isLast} THEN now() END
        WHERE id = ${id}::uuid AND after_chain = ${afterChain} AND finished_at IS NULL
        RETURNING ${CHECK_COLUMNS}`;
      if (row !== undefined && isLast) {
        await tx.$executeRaw`DELETE FROM audit_checks WHERE finished_at IS NOT NULL AND id <> ${id}::uuid`;
      }
      return row;
    });
  }
}

/** Events are counted in 64 bits, which the driver gives as text. */
type CheckRow = Omit<AuditCheckResult, 'events' | 'finishedAt'> & { events: string; finishedAt: Date | null };

const CHECK_COLUMNS = Prisma.sql`started_at AS "startedAt", finished_at AS "finishedAt", chains, events,
  broken_chains AS "brokenChains", broken`;

const isFinished = (row: CheckRow): row is CheckRow & { finishedAt: Date } => row.finishedAt !== null;

const toResult = (row: CheckRow & { finishedAt: Date }): AuditCheckResult => ({ ...row, events: Number(row.events) });
