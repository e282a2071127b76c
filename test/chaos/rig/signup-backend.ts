import { setTimeout as pause } from 'node:timers/promises';
import { http, type HttpAnswer } from './http.js';
import type { Rig } from './rig.js';

/** A customer as the signup backend knows it. */
export interface Signup {
  name: string;
  tenantHost: string;
  customerId: string;
  runId: string;
  /** The customer's run before, where the one that is under test may not have begun yet. */
  formerRunId?: string;
}

const GIVE_UP_AFTER_MS = 120_000;

/** An OEM's signup backend and its operators: sends each request again, unchanged, until it is answered. */
export class SignupBackend {
  constructor(private readonly rig: Rig) {}

  /** Onboards a customer; the same name again is the same request again. */
  async onboard(name: string): Promise<Signup> {
    const answer = await this.#untilAnswered('POST', '/v1/customers', onboarding(name));
    if (answer.status !== 202 && answer.status !== 200) throw unexpected(answer);
    return { name, tenantHost: hostOf(name), customerId: answer.body.customer.id, runId: answer.body.run.id };
  }

  /** A customer's credentials, or undefined where it has none. */
  async credentials(customerId: string): Promise<{ clientId: string; clientSecret: string; hint: string } | undefined> {
    const answer = await this.#untilAnswered('GET', `/v1/customers/${customerId}/credentials`);
    return answer.status === 200 ? answer.body : undefined;
  }

  async run(runId: string): Promise<any> {
    const answer = await this.#untilAnswered('GET', `/v1/runs/${runId}`);
    if (answer.status !== 200) throw unexpected(answer);
    return answer.body;
  }

  /** Rotates a customer's secret: the run of it, or the one that is under way already. */
  async rotate(customerId: string, mode: 'graceful' | 'emergency', reason: string): Promise<string> {
    const answer = await this.#untilAnswered('POST', `/v1/customers/${customerId}/rotations`, {
      body: { mode, reason },
    });
    if (answer.status === 202) return answer.body.id as string;
    if (answer.status === 409 && answer.body.code === 'ROTATION_ACTIVE') return answer.body.runId as string;
    throw unexpected(answer);
  }

  /** Goes back to the former secret; false where no rotation is in its grace. */
  async rollBack(customerId: string, reason: string): Promise<boolean> {
    const { status } = await this.#untilAnswered('POST', `/v1/customers/${customerId}/rotations/rollback`, {
      body: { reason },
    });
    return status === 202;
  }

  /** Retries or cancels a run as an operator does, by the revision just read; a run that moved meanwhile is left alone. */
  async change(runId: string, what: 'retry' | 'cancel', reason: string): Promise<void> {
    const { headers, status } = await this.#untilAnswered('GET', `/v1/runs/${runId}`);
    if (status !== 200) throw new Error(`GET /v1/runs/${runId} was answered ${status}.`);
    const answer = await this.#untilAnswered('POST', `/v1/runs/${runId}/${what}`, {
      body: { reason },
      headers: { 'if-match': String(headers.etag) },
    });
    if (answer.status >= 300 && answer.status !== 409 && answer.status !== 412) throw unexpected(answer);
  }

  /** One request, sent again after a 5xx, a 409 that says "in a moment", or no answer. */
  async #untilAnswered(method: string, path: string, options: Parameters<typeof http>[2] = {}): Promise<HttpAnswer> {
    for (const giveUpAt = Date.now() + GIVE_UP_AFTER_MS; ;) {
      const answer = await this.send(method, path, options).catch((error: unknown) => error as Error);
      const again =
        answer instanceof Error ||
        answer.status >= 500 ||
        (answer.status === 409 && ['IDEMPOTENCY_IN_PROGRESS', 'CUSTOMER_BUSY'].includes(answer.body.code as string));
      if (!again) return answer;
      if (Date.now() > giveUpAt) {
        if (this.rig.api.hasEnded()) throw new Error('The API has ended by itself.');
        throw answer instanceof Error ? answer : unexpected(answer);
      }
      await pause(200);
    }
  }

  /** One request as it is. */
  send(method: string, path: string, options: Parameters<typeof http>[2] = {}): Promise<HttpAnswer> {
    return http(method, this.rig.api.url + path, {
      ...options,
      headers: { authorization: `Bearer ${this.rig.apiKey}`, ...options?.headers },
    });
  }
}

/** The tenant of a customer of this name. */
export const hostOf = (name: string): string => `${name}.eu.qlikcloud.com`;

/** The request that onboards a customer of this name. */
export const onboarding = (name: string) => ({
  body: { externalId: name, name, tenantHost: hostOf(name) },
  headers: { 'idempotency-key': name },
});

/** Does `work` for each item, `breadth` at once. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  breadth: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const rest = items.entries();
  const lane = async () => {
    for (const [index, item] of rest) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: breadth }, lane));
  return results;
}

const unexpected = ({ status, body }: HttpAnswer): Error =>
  new Error(`The API answered ${status}: ${JSON.stringify(body)}`);
