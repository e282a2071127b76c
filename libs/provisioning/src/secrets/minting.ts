import type { RunError } from '@app/runs';

/** Secrets an OAuth client can have at one time (qlik.dev, POST client-secrets). */
export const MAX_SECRETS = 5;

/** Requests for a secret whose answers are lost before a person is asked to look. */
export const MAX_MINTS = 5;

/** What is done with a secret just minted: two of one hint cannot be told apart, and neither could be deleted alone, so that such a one is not used. */
export type MintedDecision = { kind: 'keep' } | { kind: 'mint-again' } | { kind: 'give-up'; error: RunError };

/** A client that a secret was minted for. */
export interface MintedClient {
  clientId: string;
  /** Whether no other can take its place: it serves a customer already, or the OEM made it. */
  isIrreplaceable: boolean;
}

/** Decides by the hints the client had when minting began, `minted` being the newest of `mintedNow` secrets. Pure. */
export function afterMint(
  { clientId, isIrreplaceable }: MintedClient,
  hintsBefore: readonly string[],
  minted: { hint: string },
  mintedNow: number,
): MintedDecision {
  if (!hintsBefore.includes(minted.hint)) return { kind: 'keep' };
  if (hintsBefore.length + mintedNow < MAX_SECRETS) return { kind: 'mint-again' };
  const error = {
    code: 'HINT_COLLISION',
    message: `Qlik gave the OAuth client "${clientId}" a new secret with the hint of an older one, so that the two cannot be told apart.`,
    hint: isIrreplaceable
      ? 'Retry the run to mint another. If there is no room for one, delete at Qlik a secret that nobody uses; never the client.'
      : 'Retry the run to mint another. If it happens again, delete the client at Qlik, cancel the run and retry it.',
  };
  return { kind: 'give-up', error };
}

/** Says that Qlik never answered to the requests for a secret. */
export const mintUnanswered = (clientId: string, mints: number): RunError => ({
  code: 'MINT_UNANSWERED',
  message: `Qlik was asked ${mints} times for a secret of the OAuth client "${clientId}" and never gave a usable answer.`,
  hint: 'Look at Qlik’s status page and at the tenant. Once Qlik answers again, retry the run: it looks at the client first.',
});
