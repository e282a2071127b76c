import type { Secret } from '../secret.js';
import { readMigrations } from './migration-files.js';
import { withSchemaEngine } from './schema-engine.js';

/** Applies every migration that the database lacks and returns their names. Several processes may do so at once: the engine takes an advisory lock. */
export async function migrate(databaseUrl: Secret): Promise<string[]> {
  const filters = { externalTables: [], externalEnums: [] };
  return withSchemaEngine(databaseUrl.reveal(), async (engine) => {
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList: readMigrations(), filters });
    return appliedMigrationNames;
  });
}
