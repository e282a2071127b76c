import { Redis, type RedisOptions } from 'ioredis';

/** A connection to Redis that can be ended in whatever state it is, together with those that BullMQ makes after its example. */
export class QueueRedis extends Redis {
  readonly #duplicates: QueueRedis[] = [];

  constructor(...where: [url: string, options: RedisOptions] | [options: RedisOptions]) {
    super(...(where as [string, RedisOptions]));
    this.on('close', () => this.#forgetSocketTimeout());
  }

  override duplicate(override?: Partial<RedisOptions>): QueueRedis {
    const copy = new QueueRedis({ ...this.options, ...override });
    this.#duplicates.push(copy);
    return copy;
  }

  /** As ioredis' own; but there, one that waits for its next attempt to reconnect never ends, and neither do its commands. */
  override disconnect(reconnect = false): void {
    if (this.status === 'reconnecting' && !reconnect) this.status = 'wait';
    super.disconnect(reconnect);
  }

  /** Resolves when the server is away or does not answer: at once, or when the connection closes. */
  async whenLost(): Promise<void> {
    if (this.status === 'ready') await this.#when('close');
  }

  /** Ends this connection and its duplicates at once; commands under way are rejected. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#duplicates.map((duplicate) => duplicate.endAll()), this.#end()]);
  }

  /** ioredis goes on counting when the connection that owed an answer has closed, and would end the one that followed it. */
  #forgetSocketTimeout(): void {
    const counting = this as unknown as { socketTimeoutTimer: NodeJS.Timeout | undefined };
    clearTimeout(counting.socketTimeoutTimer);
    counting.socketTimeoutTimer = undefined;
  }

  async #end(): Promise<void> {
    if (this.status === 'end') return;
    const ended = this.#when('end');
    this.disconnect();
    await ended;
  }

  /** Unlike `once` of node:events it does not reject when an error comes first: that is heard elsewhere. */
  #when(event: 'close' | 'end'): Promise<void> {
    return new Promise((resolve) => void this.once(event, () => resolve()));
  }
}
