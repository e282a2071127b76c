import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';

const platform = join(import.meta.dirname, '..', '..', 'dist', 'libs', 'platform', 'src');

/** Runs `script`, which can make loggers, in a process of its own. */
const runScript = (script: string) => {
  const source = `import { createLogger } from ${JSON.stringify(join(platform, 'logging.js'))};
    import { openLogOutput } from ${JSON.stringify(join(platform, 'log-output.js'))};
    ${script}`;
  return spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['pipe', 'pipe', 'ignore'] });
};

/** Runs `script` with a logger in a process of its own; what it logged, and its signal or code. */
async function logFrom(script: string): Promise<{ messages: string[]; end: unknown }> {
  const child = runScript(`const logger = createLogger('test', 'info'); ${script}`);
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
    const child = runScript(`createLogger('test', 'info').info('alone'); process.stdin.resume();`);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(JSON.parse(line.toString())).toMatchObject({ msg: 'alone' });
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('waits while it cannot be written, and what is lost of it is counted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'log-lines-'));
    const path = join(folder, 'log');
    // The file gets the descriptor of the full disk: it is the lowest that is free.
    const child = runScript(`
      const { closeSync, openSync } = await import('node:fs');
      const fd = openSync('/dev/full', 'w');
      const output = openLogOutput(fd);
      const line = 'x'.repeat(99_999) + '\\n';
      for (let n = 0; n < 13; n += 1) output.write(line);
      output.flushSync();
      closeSync(fd);
      if (openSync(${JSON.stringify(path)}, 'w') !== fd) process.exit(9);
      output.flushSync();
      output.write('at last\\n');`);
    expect(await once(child, 'exit')).toEqual([0, null]);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.splice(0, 10).every((line) => line === 'x'.repeat(99_999))).toBe(true);
    expect(lines).toEqual([expect.stringContaining('"lost":3'), 'at last']);
    await rm(folder, { recursive: true });
  });
});
