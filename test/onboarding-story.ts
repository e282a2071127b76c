/** What the audit must tell of each customer that is ready, in alphabetical order; a client adopted was made as well. */
export const onboardingStory: readonly string[] = [
  'consent.trusted',
  'customer.accepted',
  'customer.ready',
  'data_key.created',
  'oauth_client.made',
  'run.succeeded',
  'secret.promoted',
  'secret.stored',
  'token.minted',
];

/** An audit action under its name in the story. */
export const inStory = (action: string): string =>
  action.replace(/^oauth_client\.(created|adopted)$/, 'oauth_client.made');
