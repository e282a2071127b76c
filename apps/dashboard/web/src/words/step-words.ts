const meanings: Record<string, string> = {
  'check-tenant-access':
    'Gets a token for the tenant with the parent client and lists its OAuth clients, before anything is made there.',
  'create-oauth-client': 'Creates the impersonation client in the tenant and stores its secret, sealed.',
  'trust-consent': 'Sets the consent method of the impersonation client to trusted.',
  'verify-credential': 'Gets a token with the stored secret; the customer is ready from here on.',
  'settle-creation':
    'After an answer of Qlik was lost: leaves one client there, with no secret of ours but the stored one.',
  mint: 'Makes the new secret at Qlik and stores it, sealed; nobody gets it yet. A rollback stores the secret before again.',
  verify: 'Gets a token with the new secret, as it is stored.',
  promote:
    'Makes the new secret the current one: whoever reads the credentials gets it from here on. The old one stays valid.',
  grace:
    'Waits until the consumer has changed over to the new secret, as the customer’s policy says. An emergency waits for nobody.',
  retire: 'Gets a token with the current secret once more, then deletes every other secret of ours at Qlik.',
  'prove-revoked': 'Proves that Qlik refuses what was deleted, and forgets it here.',
  'compare-client': 'Compares the impersonation client in the tenant with what is recorded and wanted.',
  'repair-client': 'Sets at Qlik what differs and is ours to set, and reads it back.',
  'raise-drift': 'Asks a person about what differs and is not repaired, until nothing differs any more.',
  'get-parent-token': 'Gets a fresh token for the tenant with the parent client of its region.',
  'list-one-client': 'Lists one OAuth client of the tenant, to see that it may.',
  'delete-clients': 'Deletes the impersonation client in the tenant, and asks until Qlik says that it is gone.',
  'forget-customer':
    'Removes the sealed secrets and destroys the customer’s data key; the customer is offboarded from here on. Its audit stays.',
};

/** What a step does, in a sentence; undefined for a step that this page does not know. */
export const stepMeaning = (name: string): string | undefined => meanings[name];

/** A step's, plan's or operation's name as words: `create-oauth-client` is "Create OAuth client". */
export function inWords(name: string): string {
  const text = name.replaceAll('-', ' ').replace(/\boauth\b/g, 'OAuth');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
