import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const Client = z.object({ clientId: z.string(), clientSecret: z.string() });

const Credentials = z.object({
  databasePassword: z.string(),
  parentClient: Client,
  organisationClient: Client,
  apiKey: z.string().optional(),
});
/** What the quickstart made up at its first start and goes on using: for this machine only. */
export type QuickstartCredentials = z.output<typeof Credentials>;

/** Reads the credentials in `folder`, made there on first start (mode 0600). */
export async function ensureCredentials(folder: string): Promise<QuickstartCredentials> {
  try {
    return Credentials.parse(JSON.parse(await readFile(fileIn(folder), 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const random = (): string => randomBytes(24).toString('base64url');
  const client = (name: string) => ({ clientId: `${name}-${randomBytes(4).toString('hex')}`, clientSecret: random() });
  const credentials = {
    databasePassword: random(),
    parentClient: client('parent'),
    organisationClient: client('organisation'),
  };
  await saveCredentials(folder, credentials);
  return credentials;
}

export async function saveCredentials(folder: string, credentials: QuickstartCredentials): Promise<void> {
  await writeFile(fileIn(folder), `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
}

const fileIn = (folder: string): string => join(folder, 'credentials.json');
