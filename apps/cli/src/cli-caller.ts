import { randomUUID } from 'node:crypto';
import type { Caller, RequestTrace } from '@app/customers';
import { continueTrace } from '@app/platform';
import { CLI_ACTOR } from './cli-api-keys.js';

/** Who asks. Idempotency keys belong to the commands as a whole: whoever goes on with what another user began makes nothing twice. */
export const CLI_CALLER: Caller = { id: 'cli', actor: CLI_ACTOR };

/** What follows one command into audit events, runs and log lines. */
export const newTrace = (): RequestTrace => ({ requestId: randomUUID(), traceparent: continueTrace(undefined) });
