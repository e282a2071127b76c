import { appendFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { type ReceivedWebhook, verify, WebhookReceiver } from '../../webhook-receiver.js';
import type { Scene } from '../fault.js';

/** What a listener does with a request; true where it was no proper answer. */
export type Misbehaviour = (response: ServerResponse, heard: number) => boolean;

/** Somebody who registered for webhooks, and notes which customers they heard of. */
export class WebhookListener {
  readonly #heardOf = new Set<string>();
  #misbehave: Misbehaviour | undefined;
  /** Requests that were not answered as they should. */
  struck = 0;
  /** Requests whose signature did not hold. */
  forged = 0;

  private constructor(
    private readonly scene: Scene,
    private readonly receiver: WebhookReceiver,
    readonly id: string,
    private readonly secret: string,
  ) {}

  static async register(scene: Scene, misbehave?: Misbehaviour): Promise<WebhookListener> {
    const receiver = await WebhookReceiver.start();
    const body = { url: receiver.url, events: ['customer.ready'] };
    const answer = await scene.backend.send('POST', '/v1/webhook-endpoints', { body });
    if (answer.status !== 201) throw new Error(`An endpoint was refused: ${JSON.stringify(answer.body)}`);
    const listener = new WebhookListener(scene, receiver, answer.body.id as string, answer.body.secret as string);
    listener.#watchFor(answer.body.secret as string);
    listener.#misbehave = misbehave;
    receiver.answer = (received, response) => listener.#hear(received, response);
    return listener;
  }

  /** Answers everything as it should from here on. */
  behave(): void {
    this.#misbehave = undefined;
  }

  /** Which of these customers it was not told of. */
  missing(customerIds: readonly string[]): string[] {
    return customerIds.filter((id) => !this.#heardOf.has(id));
  }

  /** Has the secret changed. The listener goes on with the one that it has. */
  async rotateSecret(): Promise<void> {
    const answer = await this.#call('POST', '/secret-rotation');
    this.#watchFor(answer.secret as string);
  }

  /** Whether nothing is sent any more. */
  async isDisabled(): Promise<boolean> {
    return (await this.#call('GET')).disabledReason === 'GONE';
  }

  /** Comes back, and asks for all that it missed. */
  async comeBack(): Promise<void> {
    await this.#call('PATCH', '', { state: 'active' });
    await this.#call('POST', '/replay', { since: new Date(0).toISOString() });
  }

  async close(): Promise<void> {
    await this.#call('DELETE');
    await this.receiver.close();
  }

  #hear(received: ReceivedWebhook, response: ServerResponse): void {
    if (this.#misbehave?.(response, this.receiver.received.length) === true) this.struck += 1;
    else {
      response.writeHead(204).end();
      this.#note(received);
    }
  }

  #note(received: ReceivedWebhook): void {
    try {
      verify(received, this.secret);
      this.#heardOf.add(String(received.event.data.customerId));
    } catch {
      this.forged += 1;
    }
  }

  /** Has the secret looked for wherever the product writes. */
  #watchFor(secret: string): void {
    appendFileSync(this.scene.rig.issuedSecrets, `${secret.slice('whsec_'.length)}\n`);
  }

  async #call(method: string, path = '', body?: object): Promise<Record<string, unknown>> {
    const options = body === undefined ? {} : { body };
    const answer = await this.scene.backend.send(method, `/v1/webhook-endpoints/${this.id}${path}`, options);
    if (answer.status >= 300) throw new Error(`${method} ${path} was answered ${answer.status}.`);
    return answer.body as Record<string, unknown>;
  }
}
