import { readDatamodel, readMigrations } from '../dist/libs/platform/src/database/migration-files.js';
import { withSchemaEngine } from '../dist/libs/platform/src/database/schema-engine.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';

const postgres = await startEmbeddedPostgres();
let drift;
try {
  await postgres.createDatabase('drift');
  drift = await findDrift(`${postgres.url}/drift`);
} finally {
  await postgres.stop();
}
if (drift === '') {
  process.stdout.write('Schema and migrations agree.\n');
} else {
  process.stderr.write(
    `prisma/schema.prisma and prisma/migrations differ. A migration with this is missing:\n\n${drift}\n`,
  );
  process.exitCode = 1;
}

/** The SQL that would bring what the migrations make in line with `schema.prisma`; empty when they agree. */
function findDrift(emptyDatabaseUrl) {
  const filters = { externalTables: [], externalEnums: [] };
  const files = readDatamodel().map(([path, content]) => ({ path, content }));
  return withSchemaEngine(emptyDatabaseUrl, async (engine) => {
    await engine.applyMigrations({ migrationsList: readMigrations(), filters });
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters,
    });
    const script = stdout ?? '';
    return script.includes('This is an empty migration') ? '' : script.trim();
  });
}
