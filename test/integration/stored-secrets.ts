import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { Secret } from '@app/platform';
import type { SealedSecret, SecretContext, Vault } from '@app/vault';

/** A sealed secret, and what it is opened with; its text is the id of its owner. */
export interface Stored {
  context: SecretContext;
  secret: SealedSecret;
}

/** A secret of each of `count` customers, each under a data key of its own that the vault's current key wraps. */
export async function storeSecrets(vault: Vault, count: number): Promise<Stored[]> {
  const stored: Stored[] = [];
  for (let nth = 0; nth < count; nth++) {
    const owner = { kind: 'customer' as const, id: randomUUID() };
    const context: SecretContext = {
      owner,
      secretId: randomUUID(),
      version: 1,
      purpose: 'impersonation-client-secret',
    };
    const secret = await vault.seal(await vault.ensureDataKey(owner), new Secret(owner.id), context);
    stored.push({ context, secret });
  }
  return stored;
}

/** Each of them opens, and is what was stored. */
export async function expectToOpen(stored: readonly Stored[], vault: Vault): Promise<void> {
  for (const { context, secret } of stored) {
    expect((await vault.open(secret, context)).reveal()).toBe(context.owner.id);
  }
}
