import { ConfigurationError, Database, databaseSettings, DomainError, parseConfig, type Secret } from '@app/platform';
import { Client } from 'pg';

/** Lends `work` the database that `DATABASE_URL` names, and closes it. Throws as `readDatabaseUrl` does. */
export async function withDatabase<T>(env: NodeJS.ProcessEnv, work: (database: Database) => Promise<T>): Promise<T> {
  const database = new Database({ url: await readDatabaseUrl(env), maxConnections: 2 });
  try {
    return await work(database);
  } finally {
    await database.onApplicationShutdown();
  }
}

/** `DATABASE_URL`, once a connection was made with it. Throws ConfigurationError, DATABASE_UNREACHABLE or DATABASE_REFUSED, without the password. */
export async function readDatabaseUrl(env: NodeJS.ProcessEnv): Promise<Secret> {
  const { DATABASE_URL: url } = parseConfig(databaseSettings, env);
  const client = openClient(url);
  try {
    await client.connect();
  } catch (cause) {
    throw explain(client, cause as NodeJS.ErrnoException);
  } finally {
    await client.end();
  }
  return url;
}

function openClient(url: Secret): Client {
  try {
    return new Client({ connectionString: url.reveal(), connectionTimeoutMillis: 5_000 });
  } catch {
    // What pg throws holds the text that it could not read, the password included.
    throw new ConfigurationError(
      'DATABASE_URL: must be postgresql://user:password@host:port/database; escape special characters of the password as %XX.',
    );
  }
}

/** SQLSTATE has five characters and comes from the server; a code of Node's is longer, or there is none after a timeout. */
function explain({ host, port, user, database }: Client, cause: NodeJS.ErrnoException): DomainError {
  const server = `PostgreSQL at ${host}:${port}`;
  const named = 'DATABASE_URL names it';
  if (cause.code?.length === 5) {
    return new DomainError(
      'unavailable',
      'DATABASE_REFUSED',
      `${server} refused the user "${user}" or the database "${database}" (${cause.code}): ${cause.message}; ${named}.`,
      { cause },
    );
  }
  return new DomainError(
    'unavailable',
    'DATABASE_UNREACHABLE',
    `${server} cannot be reached (${cause.code ?? cause.message}): start it, or correct the address; ${named}.`,
    { cause },
  );
}
