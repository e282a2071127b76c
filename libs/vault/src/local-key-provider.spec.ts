import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { DataKeyContext } from './key-provider.js';
import { type LocalKey, LocalKeyProvider } from './local-key-provider.js';

const localKey = (id: string): LocalKey => ({ id, key: createSecretKey(randomBytes(32)) });
const [old, current] = [localKey('key-1'), localKey('key-2')];
const context: DataKeyContext = { dataKeyId: 'd1', owner: { kind: 'customer', id: 'c1' } };

describe('LocalKeyProvider', () => {
  it('wraps with the newest key and unwraps with every one', async () => {
    const dataKey = randomBytes(32);
    const before = await new LocalKeyProvider([old]).wrap(dataKey, context);
    const provider = new LocalKeyProvider([current, old]);
    const after = await provider.wrap(dataKey, context);
    expect([before.keyId, after.keyId, provider.currentKeyId]).toEqual(['key-1', 'key-2', 'key-2']);
    expect(await provider.unwrap(before.keyId, before.wrapped, context)).toEqual(dataKey);
    expect(await provider.unwrap(after.keyId, after.wrapped, context)).toEqual(dataKey);
  });

  it.each<[string, string, DataKeyContext]>([
    ['data key', 'context', { ...context, dataKeyId: 'd2' }],
    ['kind of owner', 'context', { ...context, owner: { kind: 'endpoint', id: 'c1' } }],
    ['owner', 'context', { ...context, owner: { kind: 'customer', id: 'c2' } }],
  ])('does not unwrap for another %s', async (_what, check, other) => {
    const provider = new LocalKeyProvider([current]);
    const { keyId, wrapped } = await provider.wrap(randomBytes(32), context);
    await expect(provider.unwrap(keyId, wrapped, other)).rejects.toMatchObject({ code: 'DATA_KEY_UNREADABLE', check });
  });

  it('names a key that is not configured and says what to do', async () => {
    const { keyId, wrapped } = await new LocalKeyProvider([old]).wrap(randomBytes(32), context);
    await expect(new LocalKeyProvider([current]).unwrap(keyId, wrapped, context)).rejects.toThrow(
      'The data key "d1" cannot be read with the key-encryption key "key-1": ' +
        'the key-encryption key of its data key is not configured. Add "key-1" to LOCAL_KEYS again and restart.',
    );
  });

  it('tells a wrong key of the right id from a changed row', async () => {
    const { keyId, wrapped } = await new LocalKeyProvider([old]).wrap(randomBytes(32), context);
    const unwrap = new LocalKeyProvider([localKey('key-1')]).unwrap(keyId, wrapped, context);
    await expect(unwrap).rejects.toMatchObject({ check: 'commitment' });
    await expect(unwrap).rejects.toThrow('Give "key-1" in LOCAL_KEYS the value it had');
  });

  it('does not unwrap with another of its keys', async () => {
    const provider = new LocalKeyProvider([current, old]);
    const { wrapped } = await provider.wrap(randomBytes(32), context);
    await expect(provider.unwrap('key-1', wrapped, context)).rejects.toMatchObject({ check: 'key-id' });
  });

  it('needs a key', () => {
    expect(() => new LocalKeyProvider([])).toThrow('at least one key');
  });
});
