import { migrate } from '../dist/libs/platform/src/database/migrate.js';
import { Secret } from '../dist/libs/platform/src/secret.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';

/** Starts one PostgreSQL for a whole Jest run, with a migrated template that each test file copies (test-database.ts). */
export default async function startPostgres() {
  if (globalThis.testPostgres !== undefined) return;
  const postgres = await startEmbeddedPostgres();
  try {
    await postgres.createDatabase('provisioner_template');
    await migrate(new Secret(`${postgres.url}/provisioner_template`));
  } catch (error) {
    // Jest calls no teardown when the setup fails, and the server is no child of this process.
    await postgres.stop();
    throw error;
  }
  globalThis.testPostgres = postgres;
  process.env.TEST_POSTGRES_URL = postgres.url;
  process.env.TEST_POSTGRES_FOLDER = postgres.folder;
}
