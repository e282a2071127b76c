import type { RunError } from '@app/runs';
import { type Finding, type FindingKind, kindsOf } from './finding-kinds.js';

const SETTINGS =
  'Put the client’s settings right in the tenant’s console: RECONCILIATION_POLICY or Qlik keeps us from doing it, or something there sets them back.';

const ADVICE: Record<FindingKind, string> = {
  CLIENT_MISSING: 'Find out who deleted the client: nobody can use the customer’s credentials any more.',
  CLIENT_DISABLED: 'Have the client enabled again at Qlik.',
  CLIENT_RENAMED: SETTINGS,
  CONSENT_CHANGED: SETTINGS,
  GRANTS_CHANGED: SETTINGS,
  SCOPES_CHANGED: SETTINGS,
  REDIRECT_URIS_CHANGED: SETTINGS,
  ORIGINS_CHANGED: SETTINGS,
  SECRET_MISSING: 'Rotate the secret: somebody deleted one that is in use.',
  SECRET_UNRECOGNISED: 'Find out who made the secrets that are not ours, and delete them at Qlik if nobody needs them.',
  CLIENT_DUPLICATED: 'Find out who uses the further clients, and delete them at Qlik if nobody does.',
};

/** What a person is told of differences that are there to stay. */
export function driftFound(clientId: string, findings: readonly Finding[], qlik?: RunError['qlik']): RunError {
  const kinds = kindsOf(findings);
  const advice = [...new Set(kinds.map((kind) => ADVICE[kind]))];
  return {
    code: 'DRIFT_FOUND',
    message: `The OAuth client "${clientId}" differs at Qlik from what is recorded and wanted: ${kinds.join(', ')}.`,
    hint: [...advice, 'Then retry the run: it looks again.'].join(' '),
    ...(qlik === undefined ? {} : { qlik }),
  };
}
