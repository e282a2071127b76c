import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { Database, Secret } from '@app/platform';

export interface TestDatabase {
  url: Secret;
  database: Database;
  close(): Promise<void>;
}

/** A fresh, migrated database of its own for one test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = postgresServer();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(async (client) => void (await client.query(`CREATE DATABASE ${name} TEMPLATE provisioner_template`)));
  const url = new Secret(`${server}/${name}`);
  const database = new Database({ url, maxConnections: 10 });
  return {
    url,
    database,
    close: async () => {
      await database.onApplicationShutdown();
      await onServer(async (client) => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`)));
    },
  };
}

function postgresServer(): string {
  const url = process.env.TEST_POSTGRES_URL;
  if (url === undefined) throw new Error('No PostgreSQL runs for the tests: run them with `npm test`.');
  return url;
}

async function onServer(work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: `${postgresServer()}/postgres` });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
