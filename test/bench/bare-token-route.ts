import { fastify } from 'fastify';

/** A bare Fastify route that takes what the token route takes and returns the answer it was given: nothing else, as a process of its own. */
const answer = JSON.parse(process.env.ANSWER!) as object;
const app = fastify();
app.post('/v1/customers/:id/tokens', () => answer);
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
