import { createSecretKey, type KeyObject } from 'node:crypto';
import { closeEnvelope, type EnvelopeContext, openEnvelope } from './envelope.js';
import type { KeyOwner } from './key-owner.js';
import type { SecretContext } from './secret-context.js';

/** An unwrapped data key. It holds the key itself, so that sealing depends on nothing else; it prints and serialises as its id and owner. */
export class DataKeyHandle {
  readonly #key: KeyObject;

  /** Takes the 32 bytes over: the buffer is zeroed, and the copy is cleared when the handle is collected. */
  constructor(
    readonly id: string,
    readonly owner: KeyOwner,
    dataKey: Buffer,
  ) {
    this.#key = createSecretKey(dataKey);
    dataKey.fill(0);
  }

  /** Encrypts a secret's bytes for exactly this context. */
  seal(context: SecretContext, plaintext: Uint8Array): Promise<string> {
    return closeEnvelope(this.#key, this.id, context.secretId, placeOf(context), plaintext);
  }

  /** Decrypts a secret's bytes; throws EnvelopeError. */
  open(context: SecretContext, sealed: string): Promise<Buffer> {
    return openEnvelope(this.#key, this.id, context.secretId, placeOf(context), sealed);
  }
}

function placeOf({ owner, secretId, version, purpose }: SecretContext): EnvelopeContext {
  return ['secret', owner.kind, owner.id, secretId, version, purpose];
}
