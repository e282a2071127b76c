import pg from 'pg';
import type { Secret } from '@app/platform';

/** Tables where a refusal may leave something: the audit of it, what limits calls, and where this installation keeps facts of its own. */
const NOT_BUSINESS = ['audit_events', 'audit_chains', 'call_limits', 'installation_settings', '_prisma_migrations'];

/** Columns that change because somebody asked, whatever the answer. */
const PASSING: Readonly<Record<string, string>> = { api_keys: 'last_used_at' };

/** Tells whether anything was written to a table that holds what callers asked for. */
export class BusinessRows {
  private constructor(
    private readonly client: pg.Client,
    private readonly sql: string,
    /** The tables that are watched. */
    readonly tables: readonly string[],
  ) {}

  /** Connects to the database at `url` and finds its tables; one that is new is watched by itself. */
  static async watch(url: Secret): Promise<BusinessRows> {
    const client = new pg.Client({ connectionString: url.reveal() });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1",
    );
    const tables = rows.map(({ name }) => name).filter((name) => !NOT_BUSINESS.includes(name));
    return new BusinessRows(client, tables.map(markOf).join(' UNION ALL '), tables);
  }

  /** A mark of each table: any row added, changed or removed gives it another. */
  async marks(): Promise<Map<string, string>> {
    const { rows } = await this.client.query<{ name: string; mark: string }>(this.sql);
    return new Map(rows.map(({ name, mark }) => [name, mark]));
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}

/** How many rows there are and which transaction wrote the youngest; where a column changes by itself, what is in the others. */
function markOf(table: string): string {
  const passing = PASSING[table];
  const mark =
    passing === undefined
      ? "count(*) || ' ' || coalesce(max(xmin::text::bigint), 0)"
      : `count(*) || ' ' || coalesce(sum(hashtextextended((to_jsonb(t) - '${passing}')::text, 0)), 0)`;
  return `SELECT '${table}' AS name, ${mark} AS mark FROM "${table}" t`;
}

/** The tables whose marks differ. */
export const changedTables = (before: Map<string, string>, after: Map<string, string>): string[] =>
  [...after].filter(([table, mark]) => before.get(table) !== mark).map(([table]) => table);
