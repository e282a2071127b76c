import { get } from 'node:http';

/** Ends with 0 when the process of this container answers; the sandbox, which has no `/livez`, answers 404. */
const { PORT = '3000' } = process.env;

get({ host: '127.0.0.1', port: PORT, path: '/livez', timeout: 3_000 })
  .on('response', ({ statusCode }) => process.exit(statusCode < 500 ? 0 : 1))
  .on('timeout', () => fail('no answer within 3 seconds'))
  .on('error', ({ message }) => fail(message));

function fail(reason) {
  process.stderr.write(`Port ${PORT}: ${reason}\n`);
  process.exit(1);
}
