import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Secret } from '@app/platform';

/** A relay on loopback whose connections can be cut, or go silent as when the other side vanished without a word. */
export class TcpProxy {
  readonly #pairs = new Set<{ near: Socket; far: Socket }>();
  readonly #lost = new EventEmitter();
  #silent = false;

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (near) => this.#relay(near));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, targetPort);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Starts one before the server of this URL. */
  static startBefore(url: Secret): Promise<TcpProxy> {
    return TcpProxy.start(Number(new URL(url.reveal()).port));
  }

  /** The URL of its server, by way of it. */
  lead(url: Secret): Secret {
    const led = new URL(url.reveal());
    led.host = `127.0.0.1:${this.port}`;
    return new Secret(led.href);
  }

  /** From now on nothing gets through and nothing is refused; what was sent meanwhile is lost, its connections stay silent for ever. */
  goSilent(): void {
    this.#silent = true;
  }

  /** Resolves when the next thing that somebody sent here is lost. */
  async whenLost(): Promise<void> {
    await once(this.#lost, 'chunk');
  }

  /** New connections work again. */
  recover(): void {
    this.#silent = false;
  }

  /** Resets every connection. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  #relay(near: Socket): void {
    const far = connect(this.targetPort, '127.0.0.1');
    const pair = { near, far };
    let lost = false;
    this.#pairs.add(pair);
    const pass = (from: Socket, to: Socket): void => {
      from.on('data', (chunk) => {
        lost ||= this.#silent;
        if (!lost) to.write(chunk);
        else if (from === near) this.#lost.emit('chunk');
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#pairs.delete(pair);
        if (!lost) to.destroy();
      });
    };
    pass(near, far);
    pass(far, near);
  }
}
