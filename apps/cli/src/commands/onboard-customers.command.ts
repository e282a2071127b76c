import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { NewCustomer } from '../../../api/src/customers/customer.schema.js';
import type { CommandContext } from '../command-context.js';
import { CUSTOMER_COLUMNS, parseJson } from '../customers-file/customer-row.js';
import { onboardFile } from '../customers-file/onboard-file.js';
import { onboardOne } from '../customers-file/onboard-one.js';
import { accept } from '../mistakes.js';

interface OneOptions {
  externalId?: string;
  name?: string;
  tenantHost?: string;
  redirectUri?: string[];
  allowedOrigin?: string[];
  scope?: string[];
  rotation?: string;
  metadata?: string;
  verificationUser?: string;
  clientId?: string;
  clientSecretFile?: string;
}

interface OnboardOptions extends OneOptions {
  file?: string;
  results?: string;
  dryRun?: boolean;
  wait?: boolean;
  skipInvalid?: boolean;
}

const ONE_OPTIONS = [
  ['--external-id <id>', 'your own id of the customer'],
  ['--name <name>', 'what people call the customer'],
  ['--tenant-host <host>', 'of its Qlik Cloud tenant'],
  ['--redirect-uri <uri...>', 'where its users may come back to'],
  ['--allowed-origin <origin...>', 'of pages that may call its tenant'],
  ['--scope <scope...>', 'what its client may ask for (default: user_default)'],
  ['--rotation <json>', 'when and how its secret is replaced, as the API takes it'],
  ['--metadata <json>', 'yours: an object of texts'],
  ['--verification-user <field=value>', 'a user to try the new client with: userId=… or subject=…'],
  ['--client-id <id>', 'a client that you have made in the tenant already'],
  ['--client-secret-file <path>', 'a file with a secret of that client; "-" is standard input'],
] as const;

/** `customers onboard`: signs up one customer, or those of a CSV file. */
export function addOnboardCustomers(parent: Command, context: CommandContext): void {
  const command = parent
    .command('onboard')
    .description('sign up one customer, or with --file those of a CSV file; the same again makes nobody twice')
    .option('--file <csv>', 'customers, one a row; all rows are judged before the first is accepted')
    .option('--results <csv>', 'where to write what became of each row (default: <file>.results.csv)')
    .option('--skip-invalid', 'accept the rows that are right where others are wrong')
    .option('--dry-run', 'only say whether it would be accepted')
    .option('--wait', 'go on until every run has ended; ends with 1 if one was no success');
  for (const [flags, description] of ONE_OPTIONS) command.addOption(new Option(flags, description).conflicts('file'));
  command
    .addHelpText('after', `\nColumns of the file:\n  ${CUSTOMER_COLUMNS.join('\n  ')}`)
    .action(async ({ file, results, skipInvalid = false, dryRun = false, wait = false, ...one }: OnboardOptions) => {
      if (file !== undefined) return onboardFile(context, { file, results, skipInvalid, dryRun, wait });
      if (results !== undefined || skipInvalid) {
        throw new InvalidArgumentError('--results and --skip-invalid are for --file.');
      }
      return onboardOne(await readOne(one, context), { dryRun, wait }, context);
    });
}

async function readOne(options: OneOptions, context: CommandContext): Promise<NewCustomer> {
  const { externalId, name, tenantHost, redirectUri: redirectUris, allowedOrigin: allowedOrigins } = options;
  return accept(NewCustomer, {
    ...{ externalId, name, tenantHost, redirectUris, allowedOrigins, scopes: options.scope },
    rotation: readJson('--rotation', options.rotation),
    metadata: readJson('--metadata', options.metadata),
    verificationUser: readVerificationUser(options.verificationUser),
    existingClient: await readExistingClient(options, context),
  });
}

function readJson(option: string, text: string | undefined): unknown {
  try {
    return parseJson(option, text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

function readVerificationUser(text: string | undefined): object | undefined {
  if (text === undefined) return undefined;
  const [, field, value] = /^(\w+)=(.*)$/.exec(text) ?? [];
  if (field === undefined) throw new InvalidArgumentError('--verification-user: give userId=… or subject=….');
  return { field, value };
}

async function readExistingClient(
  { clientId, clientSecretFile }: OneOptions,
  context: CommandContext,
): Promise<object | undefined> {
  if (clientId === undefined && clientSecretFile === undefined) return undefined;
  return { clientId, clientSecret: clientSecretFile && (await readSecret(clientSecretFile, context)) };
}

async function readSecret(path: string, { readInput }: CommandContext): Promise<string> {
  if (path === '-') return (await readInput()).trim();
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InvalidArgumentError(`--client-secret-file: "${path}" cannot be read (${code}).`);
  }
}
