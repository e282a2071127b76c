import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';

/** The folder `prisma/`, found upwards from here: sources and build output lie at different depths. */
function prismaFolder(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'prisma', 'schema.prisma'))) return join(folder, 'prisma');
  }
  throw new Error(
    'The folder prisma/ is not beside the program: reinstall it, or run it from its own checkout or image.',
  );
}

/** The schema as the engine takes it: file name and text. */
export function readDatamodel(): [string, string][] {
  return [['prisma/schema.prisma', readFileSync(join(prismaFolder(), 'schema.prisma'), 'utf8')]];
}

/** Every migration of `prisma/migrations`, in the order of their names. */
export function readMigrations(): MigrationList {
  const folder = join(prismaFolder(), 'migrations');
  const lockfile = readFileSync(join(folder, 'migration_lock.toml'), 'utf8');
  return {
    baseDir: 'prisma/migrations',
    lockfile: { path: 'migration_lock.toml', content: lockfile },
    shadowDbInitScript: '',
    migrationDirectories: listMigrations().map((name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok', value: readFileSync(join(folder, name, 'migration.sql'), 'utf8') },
      },
    })),
  };
}

/** The names of all migrations, in order. */
export function listMigrations(): string[] {
  return readdirSync(join(prismaFolder(), 'migrations'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
