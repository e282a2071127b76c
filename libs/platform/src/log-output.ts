import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** How long a line waits for others at most, in milliseconds. */
const TOGETHER_MS = 10;

/** Characters of lines that wait for no more. */
const MAX_WAITING = 16_000;

/** Characters of lines that are kept while they cannot be written. */
const MAX_KEPT = 1_000_000;

/** How long a full pipe is left alone before it is tried again, in milliseconds. */
const PIPE_IS_FULL_MS = 5;

/**
 * Writes lines that come at about the same time together: a write for each would cost more than making it. A reader that is slow slows
 * the process. While nothing can be written (a full disk, no reader), the first million characters are kept, and of the rest their number. What
 * still waits when the process exits is written then; SIGKILL takes it along.
 */
export function openLogOutput(fd = 1): DestinationStream & { flushSync: () => void } {
  let waiting = '';
  let lost = 0;
  let isStuck = false;
  let timer: NodeJS.Timeout | undefined;
  const writeWaiting = (): void => {
    clearTimeout(timer);
    timer = undefined;
    waiting = writeAll(fd, waiting);
    isStuck = waiting !== '';
    if (isStuck || lost === 0) return;
    waiting = writeAll(
      fd,
      `${JSON.stringify({ level: 'warn', lost, msg: 'Lines of the log could not be written' })}\n`,
    );
    lost = 0;
  };
  process.once('exit', writeWaiting);
  return {
    write: (line) => {
      if (waiting.length < MAX_KEPT) waiting += line;
      else lost += 1;
      // What could not be written is tried again by the clock, not by each line that comes on top.
      if (waiting.length > MAX_WAITING && !isStuck) writeWaiting();
      else timer ??= setTimeout(writeWaiting, TOGETHER_MS).unref();
    },
    flushSync: writeWaiting,
  };
}

/** Returns what could not be written. */
function writeAll(fd: number, text: string): string {
  let rest: Uint8Array = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return Buffer.from(rest).toString();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_IS_FULL_MS);
    }
  }
  return '';
}
