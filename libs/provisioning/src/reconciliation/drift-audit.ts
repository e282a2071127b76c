import type { ClientField } from '@app/customers';
import type { RunEvent } from '@app/runs';
import { type Finding, type FindingKind, REPAIRS } from './finding-kinds.js';
import type { RecordedClient } from './recorded-client.reader.js';

/** Characters of one text in an audit event. */
const MAX_TEXT = 1000;

type Client = Pick<RecordedClient, 'oauthClientId' | 'clientId'>;

/** An event for each difference, with the counts and ids that tell it from another of its kind. */
export function driftDetected({ oauthClientId, clientId }: Client, findings: readonly Finding[]): RunEvent[] {
  return findings.map(({ secretVersionId, clientIds, ...facts }) => ({
    action: 'drift.detected',
    subject: { oauthClientId, clientId, ...(secretVersionId === undefined ? {} : { secretVersionId }) },
    data: { ...facts, ...(clientIds === undefined ? {} : { clientIds: clientIds.join(' ').slice(0, MAX_TEXT) }) },
  }));
}

/** An event for each kind of difference that is gone. */
export function driftRepaired({ oauthClientId, clientId }: Client, kinds: readonly FindingKind[]): RunEvent[] {
  return kinds.map((kind) => ({
    action: 'drift.repaired',
    subject: { oauthClientId, clientId },
    data: { kind, repair: REPAIRS[kind] },
  }));
}

/** An event for what somebody asked to be changed at Qlik, and is; none if there is nothing to tell. */
export function clientChanged(
  { oauthClientId, clientId }: Client,
  fields: readonly ClientField[],
  warnings: readonly string[],
): RunEvent[] {
  if (fields.length + warnings.length === 0) return [];
  const data = { fields: fields.join(','), warnings: warnings.join(',') };
  return [{ action: 'oauth_client.changed', subject: { oauthClientId, clientId }, data }];
}
