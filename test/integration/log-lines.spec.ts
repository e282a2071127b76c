import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';

const logging = join(import.meta.dirname, '..', '..', 'dist', 'libs', 'platform', 'src', 'logging.js');

/** Runs `script` with a logger in a process of its own; what it logged, and its signal or code. */
async function logFrom(script: string): Promise<{ messages: string[]; end: unknown }> {
  const source = `import { createLogger } from ${JSON.stringify(logging)};
    const logger = createLogger('test', 'info');
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  const lines = (await text(child.stdout)).split('\n').filter((line) => line !== '');
  const [code, signal] = (await ended) as [number | null, string | null];
  return { messages: lines.map((line) => (JSON.parse(line) as { msg: string }).msg), end: code ?? signal };
}

describe('what a process logs', () => {
  it('is all there, in order, when it exits', async () => {
    const script = `for (let n = 0; n < 1000; n += 1) logger.info('line ' + n);
      process.exit(3);`;
    const messages = Array.from({ length: 1000 }, (_, n) => `line ${n}`);
    expect(await logFrom(script)).toEqual({ messages, end: 3 });
  });

  it('is all there when an error ends it', async () => {
    const script = `logger.info('before');
      setImmediate(() => { throw new Error('unforeseen'); });`;
    expect(await logFrom(script)).toEqual({ messages: ['before'], end: 1 });
  });

  it('is all there up to a fatal line, whatever ends it then', async () => {
    const script = `logger.info('first');
      logger.fatal('last');
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);`;
    expect(await logFrom(script)).toEqual({ messages: ['first', 'last'], end: 'SIGKILL' });
  });

  it('comes while it goes on, though nothing follows', async () => {
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { createLogger } from ${JSON.stringify(logging)};
         createLogger('test', 'info').info('alone');
         process.stdin.resume();`,
      ],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(JSON.parse(line.toString())).toMatchObject({ msg: 'alone' });
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
