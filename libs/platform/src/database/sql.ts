import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { Prisma } from './generated/client.js';

/**
 * Statements as tagged templates: `$queryRaw` gives rows, `$executeRaw` their number. Prisma's transactions have both too, so that code
 * which takes a `Sql` runs in either kind of transaction.
 */
export interface Sql {
  $queryRaw<Rows>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<Rows>;
  $executeRaw(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<number>;
}

/** Statements straight to the driver, prepared once per connection: a quarter of the time that Prisma takes for them. */
export class PgSql implements Sql {
  constructor(private readonly connection: Pool | PoolClient) {}

  async $queryRaw<Rows>(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<Rows> {
    return (await this.connection.query(toStatement(query, values))).rows as Rows;
  }

  async $executeRaw(query: TemplateStringsArray | Prisma.Sql, ...values: unknown[]): Promise<number> {
    return (await this.connection.query(toStatement(query, values))).rowCount ?? 0;
  }
}

const names = new Map<string, string>();

/** The name under which a connection keeps a statement's plan: the number of texts is that of the places in the code. */
export function nameStatement(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(text).digest('base64url').slice(0, 20);
  names.set(text, name);
  return name;
}

function toStatement(query: TemplateStringsArray | Prisma.Sql, values: unknown[]) {
  const sql = query instanceof Prisma.Sql ? query : Prisma.sql(query, ...values);
  return { name: nameStatement(sql.text), text: sql.text, values: sql.values };
}
