import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Database } from '@app/platform';
import { Injectable } from '@nestjs/common';

/** Compares the migrations that this program was built with to those the database has. */
@Injectable()
export class MigrationCheck {
  readonly #known = knownMigrations();

  constructor(private readonly database: Database) {}

  /** The names of migrations that the database lacks. */
  async findMissing(): Promise<string[]> {
    const rows = await this.database.client.$queryRaw<{ name: string }[]>`
      SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`;
    const applied = new Set(rows.map((row) => row.name));
    return this.#known.filter((name) => !applied.has(name));
  }
}

function knownMigrations(): string[] {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const migrations = join(folder, 'prisma', 'migrations');
    if (!existsSync(join(folder, 'prisma', 'schema.prisma'))) continue;
    const entries = readdirSync(migrations, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  }
  throw new Error(
    'The folder prisma/ is not beside the program: reinstall it, or run it from its own checkout or image.',
  );
}
