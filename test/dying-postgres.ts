import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

const authenticationOk = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** `ErrorResponse` (PostgreSQL, "Message Formats"). */
function crashOfAnotherProcess(): Buffer {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P02\0Mterminating connection because of a crash\0\0');
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** A PostgreSQL that lets everybody in and says in the same packet that it ends, as one does whose other process has just crashed. */
export async function startDyingPostgres(): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('data', () => socket.end(Buffer.concat([authenticationOk, readyForQuery, crashOfAnotherProcess()])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `postgresql://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/nothing?sslmode=disable`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
