import { connect, type Socket } from 'node:net';

/** What one connection sends again and again. */
export interface Load {
  url: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** Sends the request on so many connections for so long, each time as soon as the answer is there, and tells how many answers came. Throws for any that is no 200. Bytes on sockets, from a process that never sleeps: the measured side must be the slower one, and not pay for waking the other with each answer. */
export async function applyLoad(load: Load, { connections, ms }: { connections: number; ms: number }): Promise<number> {
  const request = requestOf(load);
  const until = performance.now() + ms;
  const stayAwake = (): void => {
    if (performance.now() < until) setImmediate(stayAwake);
  };
  stayAwake();
  const counts = await Promise.all(Array.from({ length: connections }, () => sendUntil(load.url, request, until)));
  return counts.reduce((sum, count) => sum + count, 0);
}

function requestOf({ url, path, headers, body }: Load): Buffer {
  const lines = Object.entries({
    host: new URL(url).host,
    ...headers,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

function sendUntil(url: string, request: Buffer, until: number): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(Number(port), hostname);
    let count = 0;
    let received: Buffer = Buffer.alloc(0);
    const send = (): void => void socket.write(request);
    socket.setNoDelay(true);
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const length = lengthOfAnswer(received);
      if (length === undefined || received.length < length) return;
      if (received.toString('latin1', 9, 12) !== '200') {
        reject(new Error(`An answer was no 200:\n${received.toString()}`));
        socket.destroy();
        return;
      }
      count += 1;
      received = Buffer.alloc(0);
      if (performance.now() < until) return send();
      socket.destroy();
      resolve(count);
    });
  });
}

function lengthOfAnswer(received: Buffer): number | undefined {
  const end = received.indexOf(END_OF_HEAD);
  if (end < 0) return undefined;
  const length = /content-length: (\d+)/i.exec(received.toString('latin1', 0, end))?.[1];
  if (length === undefined) throw new Error(`An answer has no content-length:\n${received.toString()}`);
  return end + END_OF_HEAD.length + Number(length);
}
