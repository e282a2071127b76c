/** What the audit tells of a rotation that nothing disturbs, in order, beside what it comes upon. */
export const undisturbedRotation: readonly string[] = [
  'rotation.requested',
  'secret.stored',
  'token.minted',
  'secret.verified',
  'secret.promoted',
  'token.minted',
  'secret.retired',
  'secret.revoked',
  'run.succeeded',
];

/** What the audit must tell of each rotation that succeeded, in this order; other events, those of tokens among them, may stand between. */
export const rotationStory: readonly string[] = undisturbedRotation.filter((action) => action !== 'token.minted');

/** How many of the story's events are not found among the actions, which are in the order in which they happened. */
export function countMissing(story: readonly string[], actions: readonly string[]): number {
  let from = 0;
  let missing = 0;
  for (const action of story) {
    const at = actions.indexOf(action, from);
    if (at === -1) missing += 1;
    else from = at + 1;
  }
  return missing;
}
