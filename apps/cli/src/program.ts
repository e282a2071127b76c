import { once } from 'node:events';
import { Command, CommanderError } from 'commander';
import { addAcknowledgeSecret } from './commands/acknowledge-secret.command.js';
import { addCancelRun, addRetryRun } from './commands/change-run.command.js';
import { addChangeWebhook } from './commands/change-webhook.command.js';
import { addCreateApiKey } from './commands/create-api-key.command.js';
import { addCreateLoginLink } from './commands/create-login-link.command.js';
import { addCreateWebhook } from './commands/create-webhook.command.js';
import { addDeleteParentClient } from './commands/delete-parent-client.command.js';
import { addDeleteWebhook } from './commands/delete-webhook.command.js';
import { addExportAudit } from './commands/export-audit.command.js';
import { addLiftPause } from './commands/lift-pause.command.js';
import { addListApiKeys } from './commands/list-api-keys.command.js';
import { addListCustomers } from './commands/list-customers.command.js';
import { addListKeys } from './commands/list-keys.command.js';
import { addListParentClients } from './commands/list-parent-clients.command.js';
import { addListPauses } from './commands/list-pauses.command.js';
import { addListRuns } from './commands/list-runs.command.js';
import { addListWebhookDeliveries } from './commands/list-webhook-deliveries.command.js';
import { addListWebhooks } from './commands/list-webhooks.command.js';
import { addMigrate } from './commands/migrate.command.js';
import { addOffboardCustomer } from './commands/offboard-customer.command.js';
import { addOnboardCustomers } from './commands/onboard-customers.command.js';
import { addReplaceApiKey } from './commands/replace-api-key.command.js';
import { addReplayWebhooks } from './commands/replay-webhooks.command.js';
import { addRetireKey } from './commands/retire-key.command.js';
import { addRevokeApiKey } from './commands/revoke-api-key.command.js';
import { addRotateKeys } from './commands/rotate-keys.command.js';
import { addRollBackRotation, addRotateSecret } from './commands/rotate-secret.command.js';
import { addRotateWebhookSecret } from './commands/rotate-webhook-secret.command.js';
import { addSetParentClient } from './commands/set-parent-client.command.js';
import { addSetPause } from './commands/set-pause.command.js';
import { addShowCustomer } from './commands/show-customer.command.js';
import { addShowWebhook } from './commands/show-webhook.command.js';
import { addTestWebhook } from './commands/test-webhook.command.js';
import { addVerifyAudit } from './commands/verify-audit.command.js';
import { addWatchRun } from './commands/watch-run.command.js';
import { confirm } from './confirm.js';
import { type ExitCode, exitCode, exitCodeHelp } from './exit-code.js';
import { describeFailure } from './failure.js';
import type { CommandContext } from './command-context.js';
import { type Input, readInput } from './read-input.js';

/** Begins a terminal's line anew (ECMA-48, EL). */
const CLEAR_LINE = '\r\x1b[K';

/** The part of `process` that the commands use. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  /** Only commands that read it need it. */
  stdin?: Input;
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean };
}

/** Runs the command that `args` name and resolves to the exit code: what it found is on standard output, why it failed on standard error. */
export async function runProgram(args: string[], { env, stdin, stdout, stderr }: Surroundings): Promise<ExitCode> {
  const json = args.includes('--json');
  let code: ExitCode = exitCode.ok;
  const showsProgress = stderr.isTTY === true && !json;
  const showProgress = (text: string): void => {
    if (showsProgress) stderr.write(`${CLEAR_LINE}${text}`);
  };
  const context: CommandContext = {
    env,
    print: (result, text) => {
      showProgress('');
      stdout.write(`${json ? JSON.stringify(result) : text}\n`);
    },
    write: async (text) => {
      if (stdout.write(text) === false) await once(stdout as NodeJS.WriteStream, 'drain');
    },
    readInput: () => readInput(stdin),
    confirm: (question) =>
      confirm({ input: showsProgress ? stdin : undefined, show: (text) => void stderr.write(text) }, question),
    showProgress,
    showsProgress,
    note: (text) => {
      if (json) return;
      showProgress('');
      stderr.write(`${text}\n`);
    },
    foundProblem: () => void (code = exitCode.problemFound),
  };
  try {
    await buildProgram(context, { json, stdout, stderr }).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCode.ok;
    // Called without a command: the help, which commander has written by now, is the answer.
    if (error instanceof CommanderError && error.code === 'commander.help' && !json) return exitCode.usage;
    showProgress('');
    const failure = describeFailure(error);
    const { code: name, message } = failure;
    stderr.write(`${json ? JSON.stringify({ error: { code: name, message } }) : message}\n`);
    return failure.exitCode;
  }
}

function buildProgram(
  context: CommandContext,
  { json, stdout, stderr }: Pick<Surroundings, 'stdout' | 'stderr'> & { json: boolean },
): Command {
  const program = new Command('cli')
    .description("The operator's and the deploy pipeline's commands. DATABASE_URL names the database.")
    .option('--json', 'write the result, or the error, as one line of JSON')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void (json || stderr.write(text)),
      outputError: () => undefined,
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('afterAll', exitCodeHelp);
  addMigrate(program, context);
  addCustomerCommands(program, context);
  const apiKeys = program
    .command('api-keys')
    .description("make, list, replace and revoke the keys by which an OEM's systems call");
  addCreateApiKey(apiKeys, context);
  addListApiKeys(apiKeys, context);
  addReplaceApiKey(apiKeys, context);
  addRevokeApiKey(apiKeys, context);
  const keys = program.command('keys').description('change the key-encryption keys of the vault (docs/security.md)');
  addListKeys(keys, context);
  addRotateKeys(keys, context);
  addRetireKey(keys, context);
  const parentClients = program
    .command('parent-clients')
    .description("store, list and delete the OEM's clients that let us into its tenants");
  addSetParentClient(parentClients, context);
  addListParentClients(parentClients, context);
  addDeleteParentClient(parentClients, context);
  addWebhookCommands(program, context);
  addCreateLoginLink(program.command('operators').description('let operators into the dashboard'), context);
  const audit = program.command('audit').description('check the audit trail, and take it out');
  addVerifyAudit(audit, context);
  addExportAudit(audit, context);
  return program;
}

function addCustomerCommands(program: Command, context: CommandContext): void {
  const customers = program.command('customers').description('sign up customers, look at them, and offboard them');
  addListCustomers(customers, context);
  addShowCustomer(customers, context);
  addOnboardCustomers(customers, context);
  addOffboardCustomer(customers, context);
  const runs = program.command('runs').description('look at what is done for customers, and change it');
  addListRuns(runs, context);
  addWatchRun(runs, context);
  addRetryRun(runs, context);
  addCancelRun(runs, context);
  addSetPause(program, context);
  addLiftPause(program, context);
  addListPauses(program.command('pauses').description('look at what is paused'), context);
  addRotateSecret(program, context);
  addRollBackRotation(program, context);
  addAcknowledgeSecret(program, context);
}

function addWebhookCommands(program: Command, context: CommandContext): void {
  const webhooks = program
    .command('webhooks')
    .description('register, change and try the endpoints that hear of events, and send events again');
  addListWebhooks(webhooks, context);
  addShowWebhook(webhooks, context);
  addCreateWebhook(webhooks, context);
  addChangeWebhook(webhooks, context);
  addRotateWebhookSecret(webhooks, context);
  addDeleteWebhook(webhooks, context);
  addListWebhookDeliveries(webhooks, context);
  addReplayWebhooks(webhooks, context);
  addTestWebhook(webhooks, context);
}
