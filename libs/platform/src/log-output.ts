import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** How long a line waits for others at most, in milliseconds. */
const TOGETHER_MS = 10;

/** Bytes of lines that wait for no more. */
const ENOUGH_BYTES = 16_000;

/** Bytes of lines that are kept while they cannot be written. */
const KEPT_BYTES = 1_000_000;

/** The most that a character of a string takes in UTF-8. */
const BYTES_OF_A_CHARACTER = 3;

/** How long a full pipe is left alone before it is tried again, in milliseconds. */
const PIPE_IS_FULL_MS = 5;

/**
 * Writes lines that come at about the same time together: a write for each would cost more than making it. A reader that is slow slows
 * the process. While nothing can be written (a full disk, no reader), the first million bytes are kept, and of the rest their number. What
 * still waits when the process exits is written then; SIGKILL takes it along.
 */
export function openLogOutput(fd = 1): DestinationStream & { flushSync: () => void } {
  // Put into bytes one by one: a long text of many parts costs more to put together than they do.
  const waiting = Buffer.allocUnsafe(KEPT_BYTES);
  let used = 0;
  let lost = 0;
  let isStuck = false;
  let timer: NodeJS.Timeout | undefined;
  const writeWaiting = (): void => {
    clearTimeout(timer);
    timer = undefined;
    writeUsed();
    if (isStuck || lost === 0) return;
    used = waiting.write(`${JSON.stringify({ level: 'warn', lost, msg: 'Lines of the log could not be written' })}\n`);
    lost = 0;
    writeUsed();
  };
  const writeUsed = (): void => {
    const written = writeAll(fd, waiting.subarray(0, used));
    waiting.copyWithin(0, written, used);
    used -= written;
    isStuck = used > 0;
  };
  const hasRoomFor = (line: string): boolean => {
    const free = KEPT_BYTES - used;
    return line.length * BYTES_OF_A_CHARACTER <= free || Buffer.byteLength(line) <= free;
  };
  process.once('exit', writeWaiting);
  return {
    write: (line) => {
      if (hasRoomFor(line)) used += waiting.write(line, used);
      else lost += 1;
      // What could not be written is tried again by the clock, not by each line that comes on top.
      if (used > ENOUGH_BYTES && !isStuck) writeWaiting();
      else timer ??= setTimeout(writeWaiting, TOGETHER_MS).unref();
    },
    flushSync: writeWaiting,
  };
}

/** Returns how many of the bytes could be written. */
function writeAll(fd: number, bytes: Uint8Array): number {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return written;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_IS_FULL_MS);
    }
  }
  return written;
}
