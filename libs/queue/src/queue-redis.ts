import { once } from 'node:events';
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
    const ended = once(this, 'end');
    this.disconnect();
    await ended;
  }
}
