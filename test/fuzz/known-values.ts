/** A place in a request for the nth value that the API once gave under this name; `otherwise` where it gave none. */
export class Known {
  constructor(
    readonly name: string,
    readonly nth: number,
    readonly otherwise: unknown,
  ) {}
}

/** Values kept under one name: old ones give way, so that what is young is met as often as what is old. */
const KEPT = 300;

/** Longer texts are not worth repeating. */
const MAX_CHARACTERS = 300;

/**
 * What the API has told so far, by the name under which it told it, so that later requests can use it. Ids are kept by what they are of:
 * `customers.id` are those that stand under `customer`, `customers` or `customerId`, and in answers of /v1/customers.
 */
export class KnownValues {
  readonly #values = new Map<string, unknown[]>();
  readonly #never = new Set<unknown>();

  /** Keeps a value out of every request: an id that the walk must not end. */
  never(value: unknown): void {
    this.#never.add(value);
  }

  /** Learns what stands in the answer of an operation; `path` is the operation's. */
  learn(path: string, body: unknown): void {
    this.#learn(collectionOf(path), body);
  }

  /** The request's value with each Known in it replaced. */
  fill(value: unknown): unknown {
    if (value instanceof Known) return this.#find(value);
    if (Array.isArray(value)) return value.map((item) => this.fill(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.fill(member)]));
  }

  #find({ name, nth, otherwise }: Known): unknown {
    const values = (this.#values.get(name) ?? []).filter(
      (value) => otherwise === undefined || typeof value === typeof otherwise,
    );
    return values.length === 0 ? this.fill(otherwise) : values[nth % values.length];
  }

  #learn(of: string, value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.#learn(of, item);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [name, member] of Object.entries(value)) {
      if (name === 'id') this.#keep(`${of}.id`, member);
      else this.#learnMember(name, member);
    }
  }

  #learnMember(name: string, member: unknown): void {
    const reference = /^(?:current)?(\w+)Id$/.exec(name)?.[1];
    if (reference !== undefined) this.#keep(`${plural(reference)}.id`, member);
    if (name === 'nextCursor') this.#keep('cursor', member);
    this.#keep(name, member);
    this.#learn(plural(name), member);
  }

  #keep(name: string, value: unknown): void {
    const isShort = typeof value === 'string' && value.length <= MAX_CHARACTERS;
    if (!(isShort || typeof value === 'number') || this.#never.has(value)) return;
    const values = this.#values.get(name) ?? [];
    this.#values.set(name, values);
    if (values.includes(value)) return;
    values.push(value);
    if (values.length > KEPT) values.splice(Math.floor(KEPT / 2), 1);
  }
}

/** The name of what a parameter in a path is: `customers.id` of `/v1/customers/{id}/tokens`; its own where it is no id. */
export function nameInPath(path: string, parameter: string): string {
  if (parameter !== 'id') return parameter;
  return `${collectionOf(path.slice(0, path.indexOf('/{id}')))}.id`;
}

/** The last part of the path that names many things, written as a member is: `apiKeys` of `/v1/api-keys/{id}`. */
function collectionOf(path: string): string {
  const parts = path.split('/').filter((part) => part.endsWith('s') && !part.startsWith('{'));
  return (parts.at(-1) ?? 'things').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function plural(name: string): string {
  const lower = name.charAt(0).toLowerCase() + name.slice(1);
  return lower.endsWith('s') ? lower : `${lower}s`;
}
