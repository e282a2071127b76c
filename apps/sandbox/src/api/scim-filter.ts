import { badRequest } from '../qlik-error.js';

/** Tells whether a client with these attribute values is in the list. */
export type Filter = (attributes: Record<string, string>) => boolean;

const token = /\s*(?:([()])|("(?:[^"\\]|\\.)*")|([A-Za-z][\w.$-]*))/y;

/** Reads an RFC 7644 filter (section 3.4.2.2) with `eq ne co sw ew`, `and`, `or`, `not` and parentheses; values compare by case. 400 for anything else, an attribute not in `attributes` included. */
export function parseFilter(text: string, attributes: readonly string[]): Filter {
  if (text.length > 4096) throw badRequest('filter: is longer than 4096 characters');
  const reader = new FilterReader(tokensOf(text), attributes);
  const filter = reader.alternatives();
  reader.end();
  return filter;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const trimmed = text.trimEnd();
  token.lastIndex = 0;
  while (token.lastIndex < trimmed.length) {
    const at = token.lastIndex;
    const match = token.exec(trimmed);
    if (match === null) throw badRequest(`filter: cannot be read at character ${at + 1}`);
    tokens.push(match[0].trim());
  }
  return tokens;
}

class FilterReader {
  readonly #tokens: string[];
  readonly #attributes: readonly string[];
  #next = 0;

  constructor(tokens: string[], attributes: readonly string[]) {
    this.#tokens = tokens;
    this.#attributes = attributes;
  }

  alternatives(): Filter {
    const parts = [this.#conjunction()];
    while (this.#takeWord('or')) parts.push(this.#conjunction());
    return parts.length === 1 ? parts[0]! : (attributes) => parts.some((part) => part(attributes));
  }

  end(): void {
    if (this.#next < this.#tokens.length) throw badRequest('filter: goes on after its end');
  }

  #conjunction(): Filter {
    const parts = [this.#term()];
    while (this.#takeWord('and')) parts.push(this.#term());
    return parts.length === 1 ? parts[0]! : (attributes) => parts.every((part) => part(attributes));
  }

  #term(): Filter {
    if (this.#takeWord('not')) {
      if (!this.#takeWord('(')) throw badRequest('filter: not needs parentheses');
      const inner = this.#closed();
      return (attributes) => !inner(attributes);
    }
    return this.#takeWord('(') ? this.#closed() : this.#comparison();
  }

  #closed(): Filter {
    const inner = this.alternatives();
    if (!this.#takeWord(')')) throw badRequest('filter: a parenthesis is not closed');
    return inner;
  }

  #comparison(): Filter {
    const name = this.#take();
    const attribute = this.#attributes.find((known) => known.toLowerCase() === name.toLowerCase());
    if (attribute === undefined) throw badRequest(`filter: must compare one of ${this.#attributes.join(', ')}`);
    const compare = comparisonOf(this.#take());
    const wanted = stringOf(this.#take());
    return (attributes) => compare(attributes[attribute] ?? '', wanted);
  }

  #take(): string {
    const taken = this.#tokens[this.#next];
    if (taken === undefined) throw badRequest('filter: ends too early');
    this.#next += 1;
    return taken;
  }

  #takeWord(word: string): boolean {
    if (this.#tokens[this.#next]?.toLowerCase() !== word) return false;
    this.#next += 1;
    return true;
  }
}

function comparisonOf(operator: string): (value: string, wanted: string) => boolean {
  switch (operator.toLowerCase()) {
    case 'eq':
      return (value, wanted) => value === wanted;
    case 'ne':
      return (value, wanted) => value !== wanted;
    case 'co':
      return (value, wanted) => value.includes(wanted);
    case 'sw':
      return (value, wanted) => value.startsWith(wanted);
    case 'ew':
      return (value, wanted) => value.endsWith(wanted);
    default:
      throw badRequest('filter: the operator must be one of eq, ne, co, sw, ew');
  }
}

function stringOf(literal: string): string {
  if (!literal.startsWith('"')) throw badRequest('filter: the value must be a string in double quotes');
  try {
    return JSON.parse(literal) as string;
  } catch {
    throw badRequest('filter: the value is not a JSON string');
  }
}
