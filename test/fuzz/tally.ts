import type { Operation } from './api-document.js';

/** One mistake of the API, and what made it. */
export interface Failure {
  operation: Operation;
  /** The mistake in words that are the same for the same mistake. */
  failure: string;
  /** The number of the request in its walk. */
  number: string;
  /** The command that sends the request, and what was answered. */
  curl: string;
  reply: string;
}

/** What came of a walk. */
export class Tally {
  readonly #statuses = new Map<string, Map<number, number>>();
  readonly #failures = new Map<string, Failure & { times: number }>();
  requests = 0;

  constructor(operations: readonly Operation[]) {
    for (const { id } of operations) this.#statuses.set(id, new Map());
  }

  /** Counts a request and the status of its reply, 0 for none. */
  count({ id }: Operation, status: number): void {
    const statuses = this.#statuses.get(id)!;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    this.requests++;
  }

  /** Keeps a mistake; of mistakes that are the same, the last one, which is the smallest where requests are made smaller. */
  fail(failure: Failure): void {
    const key = `${failure.operation.id} ${failure.failure}`;
    const former = this.#failures.get(key);
    if (former === undefined) this.#failures.set(key, { ...failure, times: 1 });
    else
      this.#failures.set(key, {
        ...(failure.curl.length < former.curl.length ? failure : former),
        times: former.times + 1,
      });
  }

  /** Each mistake once, with the shortest request that made it. */
  get failures(): readonly (Failure & { times: number })[] {
    return [...this.#failures.values()];
  }

  /** Operations that were asked for. */
  get operations(): number {
    return this.#statuses.size;
  }

  /** Operations that no request got into: their good answers were not judged. */
  get neverAccepted(): string[] {
    const wasAccepted = (statuses: Map<number, number>): boolean =>
      [...statuses.keys()].some((status) => status >= 200 && status < 300);
    return [...this.#statuses].filter(([, statuses]) => !wasAccepted(statuses)).map(([id]) => id);
  }

  /** How often each operation answered with each status, a line per operation. */
  describe(): string {
    const lines = [...this.#statuses].map(([id, statuses]) => {
      const sorted = [...statuses].sort(([one], [other]) => one - other);
      return `${id.padEnd(28)} ${sorted.map(([status, count]) => `${status}: ${count}`).join('  ')}`;
    });
    return lines.join('\n');
  }

  /** What to read, and to run, where something is wrong. */
  describeFailures(seed: number): string {
    return this.failures
      .map(({ operation, failure, times, number, curl, reply }) =>
        [
          `${operation.id} ${failure} (${times} times)`,
          `  alone:                 npm run fuzz -- --seed ${seed} --path ${number}`,
          `  after all before it:   npm run fuzz -- --seed ${seed} --requests ${Number.parseInt(number) + 1}`,
          `  ${curl}`,
          `  ${reply.replaceAll('\n', '\n  ')}`,
        ].join('\n'),
      )
      .join('\n\n');
  }
}
