const meanings: Record<string, string> = {
  'check-tenant-access':
    'Gets a token for the tenant with the parent client and lists its OAuth clients, before anything is made there.',
  'create-oauth-client': 'Creates the impersonation client in the tenant and stores its secret, sealed.',
  'trust-consent': 'Sets the consent method of the impersonation client to trusted.',
  'verify-credential': 'Gets a token with the stored secret; the customer is ready from here on.',
  'settle-creation':
    'After an answer of Qlik was lost: leaves one client there, with no secret of ours but the stored one.',
};

/** What a step does, in a sentence; undefined for a step that this page does not know. */
export const stepMeaning = (name: string): string | undefined => meanings[name];

/** A step's, plan's or operation's name as words: `create-oauth-client` is "Create OAuth client". */
export function inWords(name: string): string {
  const text = name.replaceAll('-', ' ').replace(/\boauth\b/g, 'OAuth');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
