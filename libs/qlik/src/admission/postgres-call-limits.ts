import type { Database } from '@app/platform';
import { type CallLimits, type CallsPerMinute, WINDOW_SECONDS } from './call-limits.js';
import type { RateTier } from './rate-tier.js';

/** Call limits of all processes on this database, by the database's clock. A row that has more calls than it may is paused until it resets. */
export class PostgresCallLimits implements CallLimits {
  readonly #most: Record<RateTier, number>;

  constructor(
    private readonly database: Pick<Database, 'sql'>,
    perMinute: CallsPerMinute,
  ) {
    // Tokens are not counted: their row exists only while they are paused.
    this.#most = { ...perMinute, token: 0 };
  }

  /** Rows of tenants that nobody calls any more go when a process starts; Nest calls it. */
  async onModuleInit(): Promise<void> {
    await this.database.sql.$executeRaw`DELETE FROM call_limits WHERE resets_at < now() - interval '1 hour'`;
  }

  async take(host: string, tier: RateTier): Promise<number> {
    const rows = await (tier === 'token' ? this.#look(host, tier) : this.#count(host, tier));
    const [row] = rows;
    return row === undefined || row.used <= this.#most[tier] ? 0 : Math.max(1, row.remainingMs);
  }

  async pause(host: string, tier: RateTier, ms: number): Promise<void> {
    const most = this.#most[tier];
    await this.database.sql.$executeRaw`
      INSERT INTO call_limits AS known (tenant_host, tier, used, resets_at)
      VALUES (${host}, ${tier}, ${most + 1}, now() + make_interval(secs => ${ms / 1000}))
      ON CONFLICT (tenant_host, tier) DO UPDATE SET used = excluded.used, resets_at = excluded.resets_at
      WHERE known.used <= ${most} OR known.resets_at < excluded.resets_at`;
  }

  #look(host: string, tier: RateTier): Promise<Row[]> {
    return this.database.sql.$queryRaw<Row[]>`
      SELECT used, ceil(extract(epoch FROM resets_at - now()) * 1000)::int AS "remainingMs"
      FROM call_limits WHERE tenant_host = ${host} AND tier = ${tier} AND resets_at > now()`;
  }

  #count(host: string, tier: RateTier): Promise<Row[]> {
    return this.database.sql.$queryRaw<Row[]>`
      INSERT INTO call_limits AS known (tenant_host, tier, used, resets_at)
      VALUES (${host}, ${tier}, 1, now() + make_interval(secs => ${WINDOW_SECONDS}))
      ON CONFLICT (tenant_host, tier) DO UPDATE SET
        used = CASE WHEN known.resets_at > now() THEN known.used + 1 ELSE 1 END,
        resets_at = CASE WHEN known.resets_at > now() THEN known.resets_at ELSE excluded.resets_at END
      RETURNING used, ceil(extract(epoch FROM resets_at - now()) * 1000)::int AS "remainingMs"`;
  }
}

interface Row {
  used: number;
  remainingMs: number;
}
