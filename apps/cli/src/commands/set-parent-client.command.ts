import { readFile } from 'node:fs/promises';
import { ParentClientStoring } from '@app/parents';
import { ConfigurationError, DomainError, Secret } from '@app/platform';
import type { Command } from 'commander';
import { checkRegion } from '../check-region.js';
import { CLI_ACTOR } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { withVault } from '../with-vault.js';

interface SetParentClientOptions {
  clientId: string;
  secretFile?: string;
}

const VISIBLE = /^[\x21-\x7e]+$/;

/** `parent-clients set`: stores the parent client of a region, its secret from a file or standard input and never from an argument, which others could see. */
export function addSetParentClient(parent: Command, { env, print, readInput }: CommandContext): void {
  parent
    .command('set')
    .description('store the parent client of a region; its secret is read from standard input, or from a file')
    .argument('<region>', 'the second part of the tenants’ hosts, such as eu')
    .requiredOption('--client-id <id>', 'the id of the client at Qlik')
    .option('--secret-file <path>', 'the file that holds its secret, and nothing else')
    .action(async (region: string, { clientId, secretFile }: SetParentClientOptions) => {
      checkRegion(env, region);
      check('--client-id', clientId, 200);
      const clientSecret = readSecret(secretFile === undefined ? await readInput() : await readSecretFile(secretFile));
      const { isNew } = await withVault(env, (database, audit, vault) =>
        new ParentClientStoring(database, audit, vault).store({ region, clientId, clientSecret }, { actor: CLI_ACTOR }),
      );
      print(
        { region, clientId, isNew },
        `The parent client of "${region}" is ${isNew ? 'stored' : 'replaced'}. Workers use it within two seconds; retry the runs that it was refused for.`,
      );
    });
}

async function readSecretFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`--secret-file: the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function readSecret(text: string): Secret {
  const secret = text.trimEnd();
  check('The secret', secret, 1_000);
  return new Secret(secret);
}

function check(what: string, text: string, most: number): void {
  if (text.length >= 1 && text.length <= most && VISIBLE.test(text)) return;
  throw new DomainError(
    'invalid',
    'PARENT_CLIENT_INVALID',
    `${what} must be 1 to ${most} visible ASCII characters without spaces.`,
  );
}
