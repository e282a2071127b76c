import type { OAuthClient } from '@app/qlik';
import type { Intent, RunError } from '@app/runs';
import type { ProvisioningSettings } from '../provisioning-settings.js';
import { byAge } from './clients-left.js';
import type { CreationIntent, MintingIntent, PostingIntent } from './creation-intent.js';

/** POSTs whose answer was lost before a person is asked to look. */
const MAX_POSTS = 5;

/** What is remembered of the creation from one POST to the next. */
export type BeforePost = Pick<PostingIntent, 'clientName' | 'posts' | 'unsure' | 'removing'>;

/** What `create-oauth-client` does next: begin, wait until whatever was asked for must show, look for a client whose POST went unanswered, or go on with an adoption. */
export type CreationMove =
  | { kind: 'begin' }
  | { kind: 'wait'; until: Date }
  | { kind: 'look'; intent: PostingIntent }
  | { kind: 'go-on-minting'; intent: MintingIntent };

/** Decides by what was intended last. Pure. */
export function nextCreationMove(
  intent: CreationIntent | null,
  now: Date,
  settings: Pick<ProvisioningSettings, 'settledAt'>,
): CreationMove {
  if (intent === null) return { kind: 'begin' };
  if (intent.phase === 'kept') throw new Error('The client is kept already: the step after this one comes next.');
  const settledAt = settings.settledAt(intent.at);
  if (intent.settled !== true && now < settledAt) return { kind: 'wait', until: settledAt };
  return intent.phase === 'posting' ? { kind: 'look', intent } : { kind: 'go-on-minting', intent };
}

/** What becomes of an unanswered POST, now that its client must show if there is one. */
export type LookDecision =
  | { kind: 'adopt'; client: OAuthClient }
  | { kind: 'post'; before: BeforePost }
  | { kind: 'give-up'; intent: Intent; error: RunError };

/** Decides by the clients that bear the intent's names; `newName` is for a client that is asked for because none is left to take over. Pure. */
export function afterLook(intent: PostingIntent, found: readonly OAuthClient[], newName: string): LookDecision {
  const oldest = [...found].sort(byAge)[0];
  if (oldest !== undefined) return { kind: 'adopt', client: oldest };
  const { posts, removing } = intent;
  const clientName = intent.takenOver === true ? newName : intent.clientName;
  const before = { clientName, posts, unsure: true, removing };
  if (posts < MAX_POSTS) return { kind: 'post', before };
  // Whoever retries the run gives it as many tries again.
  return { kind: 'give-up', intent: { ...before, phase: 'posting', posts: 0 }, error: creationUnanswered(posts) };
}

/** What is intended when the tenant has clients of these names, made for the customer and recorded by no row: to take the oldest over. Pure. */
export function intentToTakeOver(
  [clientName, ...otherNames]: readonly string[],
  { posts, removing }: Pick<BeforePost, 'posts' | 'removing'>,
): BeforePost & Intent {
  if (clientName === undefined) throw new RangeError('There is nothing to take over.');
  return { phase: 'posting', clientName, takenOver: true, otherNames, posts, unsure: true, removing };
}

/** What is left of the intent when the client that was to be adopted is gone: to look again. Pure. */
export function intentWithoutClient(intent: PostingIntent | MintingIntent): BeforePost & Intent {
  const { clientName, takenOver, otherNames, posts, removing } = intent;
  return { phase: 'posting', clientName, takenOver, otherNames, posts, unsure: true, removing };
}

/** What a POST that was refused or not sent, and so made nothing, leaves of the intent: nothing, unless an earlier answer was lost. Pure. */
export function intentWithoutPost(before: BeforePost): Intent | null {
  return before.unsure ? { ...before, phase: 'posting', settled: true } : null;
}

const creationUnanswered = (posts: number): RunError => ({
  code: 'CREATION_UNANSWERED',
  message: `Qlik was asked ${posts} times to create the OAuth client and never answered, nor is the client there.`,
  hint: 'Look at Qlik’s status page and at the tenant. Once Qlik answers again, retry the run: it looks for the client first.',
});
