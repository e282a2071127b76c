import type { DataKeyContext, KeyProvider, WrappedDataKey } from './key-provider.js';

/** The keys of two providers, for the time in which an installation moves from one to the other: the first one's current key wraps, all keys unwrap. */
export class SeveralKeyProviders implements KeyProvider {
  readonly currentKeyId: string;
  readonly keyIds: readonly string[];

  constructor(
    private readonly first: KeyProvider,
    private readonly second: KeyProvider,
  ) {
    this.currentKeyId = first.currentKeyId;
    this.keyIds = [...first.keyIds, ...second.keyIds];
  }

  wrap(dataKey: Buffer, context: DataKeyContext): Promise<WrappedDataKey> {
    return this.first.wrap(dataKey, context);
  }

  unwrap(keyId: string, wrapped: string, context: DataKeyContext): Promise<Buffer> {
    const provider = this.second.keyIds.includes(keyId) ? this.second : this.first;
    return provider.unwrap(keyId, wrapped, context);
  }
}
