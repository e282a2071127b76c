/** What is secret in an answer, by the name of its member. */
const SECRET_MEMBERS = /^(?:clientSecret|accessToken|key|secret|signingSecret)$/;

/** Of each operation, the youngest that are looked for: a search through every one would be what the walk does in the end. */
const LOOKED_FOR = 100;

/** Characters that differ: texts of fewer are no secrets of ours, and are found by chance. */
const MIN_DIFFERENT = 8;

/** Secrets that were planted, sent or told, and the one operation, if any, that may tell them again. */
export class ToldSecrets {
  readonly #told = new Map<string, string[]>();

  /** `text` must be in no answer but those of `operationId`; undefined: in none at all. */
  add(text: string, operationId?: string): void {
    if (new Set(text).size < MIN_DIFFERENT || [...this.#told.values()].some((texts) => texts.includes(text))) return;
    const texts = this.#told.get(operationId ?? '') ?? [];
    this.#told.set(operationId ?? '', texts);
    texts.push(text);
    // Those that were planted are few, and stay.
    if (texts.length > LOOKED_FOR) texts.splice(Math.floor(LOOKED_FOR / 4), 1);
  }

  /** Learns the secrets in a value that was sent (no `operationId`) or answered. */
  learn(value: unknown, operationId?: string): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'string' && SECRET_MEMBERS.test(name)) this.add(member, operationId);
      else this.learn(member, operationId);
    }
  }

  /** How many secrets an answer of the operation tells that it must not. */
  countIn(text: string, operationId: string): number {
    let count = 0;
    for (const [allowed, texts] of this.#told)
      if (allowed !== operationId) count += texts.filter((secret) => text.includes(secret)).length;
    return count;
  }
}
