import { ApiKeys } from '@app/access';
import { AuditTrail } from '@app/audit';
import { type Database, loggerOptions } from '@app/platform';
import { pino } from 'pino';
import { osUser } from './os-user.js';

/** How audit events name who used a command: `cli:` and the user of the operating system. */
export const CLI_ACTOR = `cli:${osUser()}`;

/** API keys over `database`; warnings go to standard error, as standard output carries the result alone. */
export function openApiKeys(database: Database): ApiKeys {
  const logger = pino(loggerOptions('cli', 'warn'), pino.destination({ dest: 2, sync: true }));
  return new ApiKeys(database, new AuditTrail(database), logger);
}
