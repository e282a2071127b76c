/**
 * Every action an audit event can name, with the outcome it stands for. A public contract: names are added, never renamed or removed.
 * An event is written in the transaction of the change it records, so it tells what happened, not what was tried.
 */
export const auditActions = {
  'customer.accepted': 'A customer was accepted for onboarding.',
  'customer.changed': 'What is wanted for a customer (name, redirect URIs, scopes, rotation, …) was changed.',
  'customer.ready': 'A customer can be used: its OAuth client exists, is trusted, and its stored secret works.',
  'customer.degraded': 'A customer that was ready no longer matches what is wanted.',
  'customer.failed': 'The onboarding of a customer ended without success.',
  'customer.cancelled': 'The onboarding of a customer was cancelled and what it had made was undone.',
  'customer.offboarding': 'The removal of a customer began.',
  'customer.offboarded': 'A customer was removed: its OAuth client is deleted and its secrets are unreadable.',
  'preflight.requested': 'A dry run against a tenant was begun; it makes no customer, and nothing at Qlik.',
  'run.started': 'A worker began a run.',
  'run.waiting': 'A run waits until a time it names.',
  'run.retried': 'Somebody, or the schedule, had a run that had stopped go on.',
  'run.cancel_requested': 'Somebody asked that a run stops at its next step.',
  'run.superseded': 'A run was ended because another run, which the event names, does its work.',
  'run.cancelled': 'A run was cancelled and what it had made was undone.',
  'run.needs_attention': 'A run stopped until a person changes something; the event names the code.',
  'run.failed': 'A run spent its attempts or its time.',
  'run.succeeded': 'A run reached the end of its plan.',
  'oauth_client.created': 'An OAuth client was created in a Qlik Cloud tenant.',
  'oauth_client.adopted': 'An OAuth client that an unfinished attempt had made was taken over.',
  'oauth_client.enrolled': 'An OAuth client that the OEM had made itself became that of its customer.',
  'oauth_client.released':
    'An OAuth client that the OEM had made itself was let go of; it stays in its tenant, with the secrets that are not ours.',
  'oauth_client.changed': 'The settings of an OAuth client were changed in its tenant.',
  'oauth_client.deleted': 'An OAuth client was deleted from its tenant.',
  'oauth_client.unrecognised':
    'A tenant has OAuth clients that bear our marker and that no row explains; they were left alone.',
  'oauth_client.published': 'An OAuth client was published in its tenant.',
  'consent.trusted': 'The consent method of an OAuth client was set to trusted.',
  'secret.stored': 'A secret was sealed and stored as a pending version.',
  'secret.verified': 'A token was obtained with a stored secret.',
  'secret.promoted': 'A secret version became the current one.',
  'secret.retired': 'A secret was deleted from its OAuth client; that it no longer works is proved next.',
  'secret.rolled_back': 'The secret of an earlier version became the current one again, under a new version number.',
  'secret.revoked': 'A secret was deleted from its OAuth client and from the vault.',
  'secret.released':
    'A secret that came with an OAuth client was replaced and cannot be told from others there; it stays valid until a person deletes it.',
  'secret.unrecognised': 'An OAuth client carries a secret that is not ours; it was left alone.',
  'rotation.requested': 'A rotation of a secret was begun, by the schedule or by a person; the event names the mode.',
  'rotation.escalated': 'A rotation under way became an emergency: the old secrets go at once.',
  'acknowledgement.received': 'The OEM said that it uses a version of the credentials.',
  'acknowledgement.overdue': 'The deadline passed before the OEM showed that it uses the new credentials.',
  'drift.detected': 'Qlik differs from what is recorded or wanted; the event names how.',
  'drift.repaired': 'What had drifted at Qlik is again as it is wanted.',
  'data_key.created': 'A data key was made.',
  'data_key.rewrapped': 'A data key was wrapped anew, under another key-encryption key.',
  'data_key.destroyed': 'A data key was destroyed: what it sealed can never be read again.',
  'credentials.read': "A customer's credentials were given to a caller.",
  'token.minted': 'A token was obtained at Qlik with the credential of a customer; the event names the grants.',
  'pause.set': 'A plan or a tenant was paused: no run of it is taken up until the pause is lifted.',
  'pause.lifted': 'The pause of a plan or a tenant was lifted.',
  'access.refused': 'A caller was refused for lack of a right.',
  'api_key.created': 'An API key was made.',
  'api_key.replaced':
    'An API key was replaced by another of the same name and scopes; the event names it, and when the old one ends.',
  'api_key.revoked': 'An API key was revoked.',
  'operator.login_link_created': 'A one-time login link was made for an operator.',
  'operator.signed_in': 'An operator signed in.',
  'operator.signed_out': 'An operator signed out.',
} as const satisfies Record<string, string>;

/** The name of something that happened; `auditActions` says what each means. */
export type AuditAction = keyof typeof auditActions;
