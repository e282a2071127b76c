import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Lets a closing server end as soon as its last request is answered, not when the last idle connection times out. */
export function closeGracefully(fastify: FastifyInstance): void {
  const { server } = fastify;
  const sockets = new Set<Socket>();
  let closing = false;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  fastify.addHook('preClose', (done) => {
    closing = true;
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      // Node does not count a connection as idle on which nothing was sent yet.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    }, 100);
    server.once('close', () => clearInterval(sweep));
    done();
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) reply.header('connection', 'close');
    done();
  });
}
