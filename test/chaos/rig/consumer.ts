import { setTimeout as pause } from 'node:timers/promises';
import type { Scene } from '../fault.js';
import { inBackground } from '../in-background.js';
import { patiently } from '../patiently.js';
import { GRACE_MS } from './rig.js';
import { inParallel, type Signup } from './signup-backend.js';

const LANES = 6;
const PAUSE_MS = 60;
/** Within a grace several times. */
const POLL_EVERY_MS = 300;
/** Every other customer's credentials are read that seldom: late in a grace, if at all. */
const READ_SELDOM_MS = 1_200;
/** A fault that keeps an answer from a consumer must not keep it from the other customers. */
const ANSWER_MS = 2_000;

/** Credentials as the consumer got them once. */
interface Held {
  version: number;
  etag: string;
  clientId: string;
  clientSecret: string;
  /** When the read that gave them was begun. */
  readAt: number;
}

/** How a customer's credentials are used, and what may befall whoever uses them. */
interface Use {
  signup: Signup;
  held: Held[];
  /** Old secrets may go before they were given up: in an emergency, or when somebody deletes them at Qlik. */
  isExcused: boolean;
  isWatched: boolean;
  isLeft: boolean;
  /** When it is to be polled next; never while it is. */
  dueAt: number;
  readEveryMs: number;
  /** When its credentials are to be read next. */
  readDueAt: number;
  /** When a read was begun that was not answered: it may have been one all the same, and the grace runs from it. */
  unansweredSince: number | undefined;
}

/**
 * The OEM's product, which acts for its customers: it keeps the credentials that it has read, asks now and then whether there are newer ones, and
 * gets tokens with them all the while. It is broken when a token is refused that it was promised: with what it read last, and for the length of a
 * grace with what it had before. In an emergency it has to read again first.
 */
export class Consumer {
  /** Which promise was broken, customer by customer. */
  readonly broken: string[] = [];
  readonly #uses = new Map<string, Use>();
  #probed = 0;
  #loop: { end(): Promise<void> } | undefined;

  private constructor(private readonly scene: Scene) {}

  /** Reads the credentials of all these customers once. */
  static async start(scene: Scene, signups: readonly Signup[]): Promise<Consumer> {
    const consumer = new Consumer(scene);
    for (const [index, signup] of signups.entries())
      consumer.#uses.set(signup.customerId, {
        signup,
        held: [],
        isExcused: false,
        isWatched: false,
        isLeft: false,
        dueAt: 0,
        readEveryMs: index % 2 === 0 ? POLL_EVERY_MS : READ_SELDOM_MS,
        readDueAt: 0,
        unansweredSince: undefined,
      });
    await inParallel([...consumer.#uses.values()], 8, (use) =>
      patiently(async () => {
        if (!(await consumer.#read(use))) throw new Error(`The credentials of ${use.signup.name} cannot be read.`);
      }),
    );
    consumer.#loop = inBackground((stop) => Promise.all(Array.from({ length: LANES }, () => consumer.#lane(stop))));
    return consumer;
  }

  /** Uses this customer's credentials from here on. */
  watch({ customerId }: Signup, { isExcused }: { isExcused: boolean }): void {
    const use = this.#uses.get(customerId)!;
    use.isWatched = true;
    use.isExcused ||= isExcused;
  }

  /** Never uses the credentials of this customer, of which somebody breaks what it was promised. */
  leave({ customerId }: Signup): void {
    this.#uses.get(customerId)!.isLeft = true;
  }

  /** Breaks unless the first secret it had of a customer still works. */
  async expectFirst({ customerId }: Signup): Promise<void> {
    const use = this.#uses.get(customerId)!;
    const [first] = use.held;
    if (await this.#isRefused(use, first!)) this.#break(use, first!, 'was refused, and it is all there is');
  }

  /** The secrets it has had of a customer, the newest last. */
  secretsOf(customerId: string): readonly string[] {
    return this.#uses.get(customerId)!.held.map(({ clientSecret }) => clientSecret);
  }

  /** Tokens asked for. */
  get probed(): number {
    return this.#probed;
  }

  async end(): Promise<void> {
    await this.#loop?.end();
  }

  async #lane(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const now = Date.now();
      const due = [...this.#uses.values()].filter((use) => use.isWatched && !use.isLeft && use.dueAt <= now);
      // Whoever waited longest: with many customers each has its turn.
      const use = due.sort((a, b) => a.dueAt - b.dueAt)[0];
      if (use !== undefined) await this.#poll(use);
      await pause(PAUSE_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  async #poll(use: Use): Promise<void> {
    use.dueAt = Infinity;
    if (use.readDueAt <= Date.now()) {
      await this.#read(use);
      use.readDueAt = Date.now() + use.readEveryMs;
    }
    const [last, before] = [use.held.at(-1)!, use.held.at(-2)];
    if (await this.#isRefused(use, last)) await this.#noteRefusal(use, last);
    if (before !== undefined && !use.isExcused) {
      const isRefused = await this.#isRefused(use, before);
      if (isRefused && Date.now() < last.readAt + GRACE_MS) this.#break(use, before, 'was refused in its grace');
    }
    use.dueAt = Date.now() + POLL_EVERY_MS;
  }

  /** What was read last must work; where it may have gone at once, or since a read whose answer did not come, what is read now must. */
  async #noteRefusal(use: Use, refused: Held): Promise<void> {
    const { isExcused, unansweredSince = Infinity } = use;
    if (!isExcused && Date.now() < unansweredSince + GRACE_MS)
      return this.#break(use, refused, 'was refused, and nothing newer had been read');
    if (!(await this.#read(use))) return;
    const newest = use.held.at(-1)!;
    if (newest.version === refused.version) this.#break(use, refused, 'was refused, and there is nothing newer');
  }

  #break({ signup: { name } }: Use, { version }: Held, what: string): void {
    this.broken.push(`${new Date().toISOString()} ${name}: version ${version} ${what}`);
  }

  /** Whether there was an answer; a newer version is then held. */
  async #read(use: Use): Promise<boolean> {
    const last = use.held.at(-1);
    const readAt = (use.unansweredSince ??= Date.now());
    const answer = await this.scene.backend
      .send('GET', `/v1/customers/${use.signup.customerId}/credentials`, {
        headers: last === undefined ? {} : { 'if-none-match': last.etag },
        timeoutMs: ANSWER_MS,
      })
      .catch(() => undefined);
    if (answer?.status !== 200 && answer?.status !== 304) return false;
    use.unansweredSince = undefined;
    if (answer.status === 304) return true;
    const { version, clientId, clientSecret } = answer.body as Held;
    if (last !== undefined && version <= last.version) this.#break(use, last, `was followed by version ${version}`);
    use.held.push({ version, clientId, clientSecret, readAt, etag: String(answer.headers.etag) });
    return true;
  }

  /** Only what Qlik says of the credentials counts, not that it says nothing. */
  async #isRefused({ signup: { tenantHost } }: Use, { clientId, clientSecret }: Held): Promise<boolean> {
    const status = await this.scene.rig.sandbox
      .tokenStatus(tenantHost, clientId, clientSecret, ANSWER_MS)
      .catch(() => undefined);
    this.#probed += 1;
    return status === 400 || status === 401;
  }
}
