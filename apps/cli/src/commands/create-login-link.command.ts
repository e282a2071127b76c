import { OperatorLogins } from '@app/access';
import { AuditTrail } from '@app/audit';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CLI_ACTOR } from '../cli-api-keys.js';
import type { CommandContext } from '../command-context.js';
import { durationUpTo } from '../duration.js';
import { withDatabase } from '../with-database.js';

interface CreateLoginLinkOptions {
  operator: string;
  baseUrl: URL;
  expires: number;
}

/** `operators login-link`: a URL that lets an operator into the dashboard, once. */
export function addCreateLoginLink(parent: Command, { env, print }: CommandContext): void {
  parent
    .command('login-link')
    .description('make a URL that lets an operator into the dashboard, once')
    .requiredOption('--operator <name>', 'who signs in with it; audit events name them so')
    .addOption(
      new Option('--base-url <url>', 'where the dashboard is reached')
        .argParser(readBaseUrl)
        .default(new URL('http://127.0.0.1:3001'), 'http://127.0.0.1:3001'),
    )
    .addOption(
      new Option('--expires <duration>', 'after which the URL is of no use: 15m, 12h; at most 1d')
        .argParser(durationUpTo(86_400_000))
        .default(15 * 60_000, '15m'),
    )
    .action(async ({ operator, baseUrl, expires }: CreateLoginLinkOptions) => {
      const token = await withDatabase(env, (database) =>
        new OperatorLogins(database, new AuditTrail(database)).createLink({
          operator,
          actor: CLI_ACTOR,
          ttlSeconds: expires / 1000,
        }),
      );
      const url = loginUrl(baseUrl, token.reveal());
      print({ url }, url);
    });
}

/** The token stands behind `#`: browsers do not send that part, so it is in no access log and no link preview uses it up. */
function loginUrl(baseUrl: URL, token: string): string {
  return `${baseUrl.origin}${baseUrl.pathname.replace(/\/$/, '')}/login#${token}`;
}

function readBaseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new InvalidArgumentError('Give a URL that begins with https:// or http://.');
}
