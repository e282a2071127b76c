/** What the audit must tell of each rotation that succeeded, in this order; other events may stand between. */
export const rotationStory: readonly string[] = [
  'rotation.requested',
  'secret.stored',
  'secret.verified',
  'secret.promoted',
  'secret.retired',
  'secret.revoked',
  'run.succeeded',
];

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
